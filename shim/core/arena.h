/* SPDX-License-Identifier: MIT */
/*
 * arena: memory that is taken piece by piece and given back all at once.  Straight from
 * mmap(2): the object may not call malloc in somebody else's process.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *block; /* the newest, linked to those before it */
	size_t used;		   /* of it */
};

/* Zeroed, aligned for anything; NULL: no memory. */
void *arena_take(struct arena *a, size_t bytes);
/* A copy with a NUL behind it. */
char *arena_text(struct arena *a, const char *from, size_t n);
void arena_drop(struct arena *a);

#endif
