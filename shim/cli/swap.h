/* SPDX-License-Identifier: MIT */
/*
 * swap: gives a file another content so that whoever opens it sees the old one or the
 * new one, and can take that back. Owner, mode and attributes stay; two who swap in one
 * directory wait for each other. Where a swap was cut off, the next one tidies up.
 */
#ifndef CLI_SWAP_H
#define CLI_SWAP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cli/bring.h"

struct swap {
	int directory, lock; /* lock: -1 for one who only looks */
	char name[NAME_MAX + 1];
	char *old; /* NULL: there was no such file */
	size_t old_n;
	char draft[BRING_DRAFT_SIZE];  /* the new one's name, or empty */
	char kept[sizeof(BRING_KEPT)]; /* the old one's other name, or empty */
	struct stat put;	       /* what was put there */
};

/*
 * Reads what is there, through symbolic links; `look`: and will not change it. 0, or a
 * negative errno: -EMLINK it has more names, which a swap would part; -ETIMEDOUT
 * somebody else holds the lock.
 */
int swap_begin(struct swap *s, const char *path, size_t most, bool look);
/* The new content, synced, but not there yet. Negative errno. */
int swap_draft(struct swap *s, const char *bytes, size_t n);
/* An empty file, where there is none: until swap_put(), or to the end. */
int swap_stand_in(struct swap *s);
/*
 * There is the draft now; or, without one, no file. The old one is kept. -ESTALE: it is
 * not any more what was read.
 */
int swap_put(struct swap *s);
/* As it was. -ESTALE: it is not any more what was put there. */
int swap_back(struct swap *s);
/* Lets go; what was kept is removed, and what was not put. */
void swap_end(struct swap *s);

#endif
