/* SPDX-License-Identifier: MIT */
/*
 * swap: gives a file another content so that whoever opens it sees the old one or the
 * new one, and can take that back. Owner, mode and attributes stay; two who swap in one
 * directory wait for each other.
 */
#ifndef CLI_SWAP_H
#define CLI_SWAP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/bring.h"

struct swap {
	int directory; /* locked, from swap_begin() to swap_end() */
	char name[NAME_MAX + 1];
	char *old; /* NULL: there was no such file */
	size_t old_n;
	char kept[sizeof(BRING_DRAFT) + 32]; /* the old one's other name, or empty */
};

/*
 * Reads what is there, through symbolic links. 0, or a negative errno: -EMLINK it has
 * more names, which a swap would part; -ETIMEDOUT somebody else holds the lock.
 */
int swap_begin(struct swap *s, const char *path, size_t most);
/* The new content, or NULL: the file goes. The old one is kept. Negative errno. */
int swap_put(struct swap *s, const char *bytes, size_t n);
/* As it was. */
int swap_back(struct swap *s);
/* Lets go; what was kept is removed. */
void swap_end(struct swap *s);

#endif
