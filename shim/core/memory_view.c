/* SPDX-License-Identifier: MIT */
/* memory_view: what core/memory knows, to be shown; see memory_view.h. */
#include "core/memory_view.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)

static void look_at_row(const struct memory_row *r, uint64_t key,
			struct memory_facts *ret)
{
	for (int i = 0; i < OUTCOMES; i++)
		ret->outcome[i] = LOAD(r->count.outcome[i]);
	for (int i = 0; i < REASONS; i++)
		ret->reason[i] = LOAD(r->count.reason[i]);
	for (int i = 0; i + 1 < MEMORY_NAME; i++)
		ret->name[i] = LOAD(r->name[i]);
	ret->answered_s = rows_seconds(key, LOAD(r->answered));
	ret->seen_s = rows_seconds(key, LOAD(r->head.seen));
	ret->rtt_us = LOAD(r->rtt_us);
	ret->saved_us = LOAD(r->saved_us);
	ret->fast_us = pace_median_us(&r->pace.fast);
	ret->plain_us = pace_median_us(&r->pace.plain);
	pace_sets_of(&r->pace, &ret->sets);
}

bool memory_view_look(const struct memory *m, const struct addr *to, uint32_t program,
		      struct memory_facts *ret)
{
	uint64_t key = memory_key(to, 0);
	const struct memory_row *r = memory_row_of(m, key);

	*ret = (struct memory_facts){ .answered_s = 0 };
	ret->habit = habit_noted(&m->habits, memory_key(to, program), &ret->habit_s);
	if (r)
		look_at_row(r, key, ret);
	return r || ret->habit_s;
}

bool memory_view_row(const struct memory *m, unsigned int row, struct addr *ret)
{
	const struct memory_row *r = &m->row[row % MEMORY_DESTINATIONS];
	uint64_t key = LOAD(r->head.key);

	*ret = (struct addr){ 0 };
	ret->port = LOAD(r->port);
	ret->version = LOAD(r->version);
	for (int i = 0; i < 16; i++)
		ret->ip[i] = LOAD(r->ip[i]);
	return key && (ret->version == 4 || ret->version == 6) &&
	       memory_key(ret, 0) == key && memory_row_of(m, key) == r;
}
