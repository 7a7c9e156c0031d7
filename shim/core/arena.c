/* SPDX-License-Identifier: MIT */
/* arena: memory given back all at once; see arena.h. */
#include "core/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "core/sys.h"

#define BLOCK_BYTES (size_t)(256 * 1024)
#define ALIGNMENT (size_t)16

struct arena_block {
	struct arena_block *before;
	size_t bytes;
};

#define HEAD ((sizeof(struct arena_block) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

/* Who needs a second block will fill it. */
static struct arena_block *block_new(size_t least, bool first)
{
	size_t bytes = least + HEAD < BLOCK_BYTES ? BLOCK_BYTES : least + HEAD;
	struct arena_block *b;
	long at = sys6(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (first ? 0 : MAP_POPULATE), -1, 0);

	if (at < 0 && at > -4096)
		return NULL;
	b = (struct arena_block *)at;
	b->bytes = bytes;
	return b;
}

void *arena_take(struct arena *a, size_t bytes)
{
	struct arena_block *b = a->block;
	char *at;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!b || b->bytes - a->used < bytes) {
		b = block_new(bytes, !b);
		if (!b)
			return NULL;
		b->before = a->block;
		a->block = b;
		a->used = HEAD;
	}
	at = (char *)b + a->used;
	a->used += bytes;
	return at;
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

		a->block = b->before;
		sys2(SYS_munmap, b, b->bytes);
	}
	a->used = 0;
}
