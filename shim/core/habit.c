/* SPDX-License-Identifier: MIT */
/* habit: who speaks first; see habit.h. */
#include "core/habit.h"

#include "core/clock.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)

static struct rows rows(const struct habits *t)
{
	return (struct rows){ (char *)t->row, sizeof(*t->row), HABIT_ROWS };
}

enum habit habit_noted(const struct habits *t, uint64_t key, uint32_t *ret_s)
{
	const struct rows all = rows(t);
	const struct habit_row *r = (const void *)rows_find(&all, key);
	uint32_t habit = r ? LOAD(r->habit) ^ (uint32_t)key : HABIT_UNKNOWN;

	*ret_s = r ? rows_seconds(key, LOAD(r->head.seen)) : 0;
	return habit <= HABIT_WROTE_LATE ? (enum habit)habit : HABIT_UNKNOWN;
}

void habit_note(struct habits *t, uint64_t key, uint32_t of, enum habit h)
{
	const struct rows all = rows(t);
	struct habit_row *r = (void *)rows_claim(&all, key, clock_today_s());

	if (!r)
		return;
	if (h == HABIT_WROTE_LATE &&
	    LOAD(r->habit) != (HABIT_WRITES_FIRST ^ (uint32_t)key))
		h = HABIT_UNKNOWN;
	STORE(r->habit, (uint32_t)h ^ (uint32_t)key);
	STORE(r->of, of);
}

bool habit_forget(struct habits *t, uint32_t of)
{
	bool known = false;

	for (int i = 0; i < HABIT_ROWS; i++) {
		uint64_t key = LOAD(t->row[i].head.key);

		if (!key || LOAD(t->row[i].of) != of)
			continue;
		rows_free(&t->row[i].head, key);
		known = true;
	}
	return known;
}

void habit_forget_all(struct habits *t)
{
	for (int i = 0; i < HABIT_ROWS; i++)
		rows_free(&t->row[i].head, LOAD(t->row[i].head.key));
}
