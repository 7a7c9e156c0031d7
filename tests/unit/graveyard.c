/* SPDX-License-Identifier: MIT */
/* graveyard: an arena that is never used again; see graveyard.h. */
#include "graveyard.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "core/arena.h"
#include "core/sys.h"

#define BLOCK_BYTES (size_t)(64 * 1024)

struct arena_block {
	struct arena_block *before;
	size_t bytes;
};

static _Atomic unsigned int dug, buried;

unsigned int graveyard_dug(void)
{
	return dug;
}

unsigned int graveyard_alive(void)
{
	return dug - buried;
}

static struct arena_block *dig(size_t least)
{
	size_t bytes = (least + 64 + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
	long at = sys6(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct arena_block *b = (struct arena_block *)at;

	if (at < 0 && at > -4096)
		return NULL;
	b->bytes = bytes;
	dug++;
	return b;
}

void *arena_take(struct arena *a, size_t bytes)
{
	struct arena_block *b = a->block;

	bytes = (bytes + 15) & ~(size_t)15;
	if (!b || b->bytes - a->used < bytes) {
		b = dig(bytes);
		if (!b)
			return NULL;
		b->before = a->block;
		a->block = b;
		a->used = 64;
	}
	a->used += bytes;
	return (char *)b + a->used - bytes;
}

char *arena_text(struct arena *a, const char *from, size_t n)
{
	char *to = arena_take(a, n + 1);

	if (to && n)
		__builtin_memcpy(to, from, n);
	return to;
}

void arena_drop(struct arena *a)
{
	while (a->block) {
		struct arena_block *b = a->block;
		size_t bytes = b->bytes;

		a->block = b->before;
		sys3(SYS_madvise, b, bytes, MADV_DONTNEED);
		sys3(SYS_mprotect, b, bytes, PROT_NONE);
		buried++;
	}
	a->used = 0;
}
