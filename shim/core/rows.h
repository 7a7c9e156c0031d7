/* SPDX-License-Identifier: MIT */
/*
 * rows: tables of a fixed size that many processes map: rows are found by the hash of
 * their key, claimed by compare-and-swap, and taken over from whoever was not seen for
 * longest.  Nothing is ever locked, so a process may end anywhere.  async-signal-safe.
 */
#ifndef CORE_ROWS_H
#define CORE_ROWS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* A row begins with this. */
struct rows_head {
	_Atomic uint64_t key;  /* 0: free */
	_Atomic uint64_t seen; /* a stamp: when it was last used */
};

struct rows {
	char *base;
	size_t stride, n;
};

/* Seconds and a part of the key: of another key they are none. */
static inline uint64_t rows_stamp(uint64_t key, uint32_t seconds)
{
	return (uint64_t)seconds << 32 | (uint32_t)key;
}

static inline uint32_t rows_seconds(uint64_t key, uint64_t stamp)
{
	return (uint32_t)stamp == (uint32_t)key ? (uint32_t)(stamp >> 32) : 0;
}

struct rows_head *rows_find(const struct rows *t, uint64_t key);
/* It may have been free, or another's: then what it holds is not this key's. */
struct rows_head *rows_claim(const struct rows *t, uint64_t key, uint32_t now_s);
/* It is in use: others are taken over before it. */
void rows_touch(struct rows_head *r, uint64_t key, uint32_t now_s);
/* Forgets it, if it is still that key's. */
void rows_free(struct rows_head *r, uint64_t key);

#endif
