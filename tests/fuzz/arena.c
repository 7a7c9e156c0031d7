/* SPDX-License-Identifier: MIT */
/*
 * core/arena for fuzzers: each piece is one of malloc's own, so that a sanitizer sees
 * who reads beyond it or after its end.
 */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *before;
	char *piece;
};

void *arena_take(struct arena *a, size_t bytes)
{
	struct arena_block *b = malloc(sizeof(*b));

	if (!b)
		return NULL;
	b->piece = calloc(1, bytes ? bytes : 1);
	b->before = a->block;
	a->block = b;
	return b->piece;
}

char *arena_text(struct arena *a, const char *from, size_t n)
{
	char *to = arena_take(a, n + 1);

	if (to && n)
		memcpy(to, from, n);
	return to;
}

void arena_drop(struct arena *a)
{
	while (a->block) {
		struct arena_block *b = a->block;

		a->block = b->before;
		free(b->piece);
		free(b);
	}
}
