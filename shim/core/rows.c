/* SPDX-License-Identifier: MIT */
/* rows: tables that many processes map; see rows.h. */
#include "core/rows.h"

#define PROBES 8

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)

static struct rows_head *at(const struct rows *t, uint64_t key, int probe)
{
	size_t i = (size_t)(((key >> 32) + (uint64_t)probe) % t->n);

	return (struct rows_head *)(void *)(t->base + i * t->stride);
}

struct rows_head *rows_find(const struct rows *t, uint64_t key)
{
	for (int i = 0; i < PROBES; i++)
		if (LOAD(at(t, key, i)->key) == key)
			return at(t, key, i);
	return NULL;
}

/* The free row, else the one that was not seen for longest. */
static struct rows_head *victim(const struct rows *t, uint64_t key, uint64_t *ret_was)
{
	struct rows_head *best = NULL;
	uint32_t oldest = UINT32_MAX;

	for (int i = 0; i < PROBES; i++) {
		struct rows_head *r = at(t, key, i);
		uint64_t was = LOAD(r->key);
		uint32_t seen = was ? rows_seconds(was, LOAD(r->seen)) : 0;

		if (best && (!was ? *ret_was == 0 : seen >= oldest))
			continue;
		best = r;
		oldest = seen;
		*ret_was = was;
	}
	return best;
}

void rows_touch(struct rows_head *r, uint64_t key, uint32_t now_s)
{
	if (rows_seconds(key, LOAD(r->seen)) != now_s)
		atomic_store_explicit(&r->seen, rows_stamp(key, now_s),
				      memory_order_release);
}

struct rows_head *rows_claim(const struct rows *t, uint64_t key, uint32_t now_s)
{
	struct rows_head *r = rows_find(t, key);
	uint64_t was = 0;

	if (!r) {
		r = victim(t, key, &was);
		if (!atomic_compare_exchange_strong(&r->key, &was, key) && was != key)
			return NULL;
	}
	rows_touch(r, key, now_s);
	return r;
}

void rows_free(struct rows_head *r, uint64_t key)
{
	if (atomic_compare_exchange_strong(&r->key, &key, 0))
		atomic_store(&r->seen, 0);
}
