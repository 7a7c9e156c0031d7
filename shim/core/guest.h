/* SPDX-License-Identifier: MIT */
/*
 * guest: which processes take part, each with a row in core/traffic's file: what its
 * connections came to, its listeners, and why it stands aside.  A process frees its row
 * when it ends; of one that was killed another takes it.  Nothing waits, any content is
 * taken.  async-signal-safe.
 */
#ifndef CORE_GUEST_H
#define CORE_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/self.h"
#include "core/traffic.h"

struct guest_owner {
	struct self_process process;
	uint32_t image;	  /* any number but 0; after exec it is another */
	uint32_t program; /* memory_program() */
	const char *name;
};

/* By which the row is known; never 0. */
uint64_t guest_key(const struct guest_owner *o);
/* The row that has the key, -1: none. */
int guest_find(const struct traffic *t, uint64_t key);
/*
 * One that is free, or whose process is dead: it is zeroed before it can be found.  -1:
 * there is none.  Two threads may get two: who keeps none gives his back; or one that
 * the other has begun.
 */
int guest_claim(struct traffic *t, const struct guest_owner *o, uint32_t now_s);
/* NULL: the row is another's (by now). */
struct traffic_guest *guest_row(struct traffic *t, int row, uint64_t key);
void guest_count(struct traffic_guest *g, const struct traffic_event *e, uint32_t n,
		 uint32_t now_s);
/* Gives the row back, if it is still that key's. */
void guest_free(struct traffic *t, int row, uint64_t key);

/* For those who display it. */
struct guest_view {
	uint64_t start, pid_space;
	uint32_t pid, program, begun_s, seen_s, listeners;
	enum traffic_aside aside;
	uint32_t n[OUTCOMES][REASONS];
	char name[TRAFFIC_NAME];
};
/*
 * false: nobody's.  Whether the process still runs, and is the one that has the pid
 * here, is the reader's to ask: by start and pid_space.
 */
bool guest_look(const struct traffic *t, unsigned int row, struct guest_view *ret);
/* As it stands in JSON: takes_part, seccomp, ... */
const char *guest_aside(enum traffic_aside a);

#endif
