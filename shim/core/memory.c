/* SPDX-License-Identifier: MIT */
/* memory: what we know of destinations; see memory.h. */
#include "core/memory.h"

#include "core/clock.h"
#include "core/sys.h"

#define MAGIC 0x316d656d6f667431u /* "1tfomem1" */
#define PROBES 8
#define BURNT_FOR_S 600

_Static_assert(sizeof(struct memory_row) == 64, "a row is one cache line");
_Static_assert(sizeof(struct memory) == 64 * (4 + MEMORY_ROWS),
	       "the layout of the file");

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)

bool memory_ready(struct memory *m)
{
	uint64_t was = 0;

	return atomic_compare_exchange_strong(&m->magic, &was, MAGIC) || was == MAGIC;
}

uint32_t memory_program(const char *path, size_t n)
{
	uint32_t id = 0x811c9dc5u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		id = (id ^ (uint8_t)path[i]) * 0x01000193u;
	return id | 1; /* 0 is the destination itself */
}

static uint64_t key_of(const struct addr *to, uint32_t program)
{
	uint64_t h = (addr_hash(to) ^ program) * 0x9e3779b97f4a7c15u;

	h ^= h >> 31;
	return h ? h : 1;
}

static struct memory_row *row_at(struct memory *m, uint64_t key, int probe)
{
	return &m->row[((key >> 32) + (uint64_t)probe) % MEMORY_ROWS];
}

static struct memory_row *row_find(struct memory *m, uint64_t key)
{
	for (int i = 0; i < PROBES; i++)
		if (LOAD(row_at(m, key, i)->key) == key)
			return row_at(m, key, i);
	return NULL;
}

static uint32_t day_of(struct memory_row *r, uint64_t key)
{
	uint64_t last = LOAD(r->last);

	return (uint32_t)last == (uint32_t)key ? (uint32_t)(last >> 32) : 0;
}

/* The free row, else the one whose word is oldest. */
static struct memory_row *row_victim(struct memory *m, uint64_t key, uint64_t *ret_was)
{
	struct memory_row *best = NULL;
	uint32_t oldest = UINT32_MAX;

	for (int i = 0; i < PROBES; i++) {
		struct memory_row *r = row_at(m, key, i);
		uint64_t was = LOAD(r->key);
		uint32_t day = was ? day_of(r, was) : 0;

		if (best && (!was ? *ret_was == 0 : day >= oldest))
			continue;
		best = r;
		oldest = day;
		*ret_was = was;
	}
	return best;
}

static struct memory_row *row_claim(struct memory *m, const struct addr *to,
				    uint64_t key)
{
	struct memory_row *r = row_find(m, key);
	uint64_t was = 0;

	if (r)
		return r;
	r = row_victim(m, key, &was);
	if (!atomic_compare_exchange_strong(&r->key, &was, key))
		return was == key ? r : NULL;
	STORE(r->last, (uint32_t)key);
	STORE(r->habit, HABIT_UNKNOWN ^ (uint32_t)key);
	for (int i = 0; i < OUTCOMES; i++)
		STORE(r->count[i], 0);
	for (int i = 0; i < 16; i++)
		STORE(r->ip[i], to->ip[i]);
	STORE(r->port, to->port);
	STORE(r->version, to->version);
	return r;
}

static bool recent(struct memory_row *r, uint64_t key, uint32_t now, uint32_t within_s)
{
	uint32_t day = day_of(r, key);

	return day && day <= now &&
	       now - day < within_s; /* a clock set back: not proven */
}

void memory_ask(struct memory *m, const struct addr *to, uint32_t program,
		uint32_t proven_for_s, struct memory_view *ret)
{
	uint64_t key = key_of(to, 0), own = key_of(to, program);
	struct memory_row *r = row_find(m, key), *h = row_find(m, own);
	uint32_t now = clock_today_s();
	uint32_t habit = h ? LOAD(h->habit) ^ (uint32_t)own : HABIT_UNKNOWN;

	ret->answered = r && recent(r, key, now, proven_for_s);
	ret->habit = HABIT_UNKNOWN;
	if (habit == HABIT_BURNT) /* a pause, whatever proves a destination */
		proven_for_s = BURNT_FOR_S;
	if (h && habit <= HABIT_WROTE_LATE && recent(h, own, now, proven_for_s))
		ret->habit = (enum habit)habit;
}

bool memory_look(struct memory *m, const struct addr *to, uint32_t program,
		 struct memory_facts *ret)
{
	uint64_t key = key_of(to, 0), own = key_of(to, program);
	struct memory_row *r = row_find(m, key), *h = row_find(m, own);
	uint32_t habit = h ? LOAD(h->habit) ^ (uint32_t)own : HABIT_UNKNOWN;

	*ret = (struct memory_facts){ .habit = HABIT_UNKNOWN };
	if (r)
		ret->answered_s = day_of(r, key);
	for (int i = 0; r && i < OUTCOMES; i++)
		ret->count[i] = LOAD(r->count[i]);
	if (h && habit <= HABIT_WROTE_LATE) {
		ret->habit = (enum habit)habit;
		ret->habit_s = day_of(h, own);
	}
	return r || h;
}

static void stamp(struct memory_row *r, uint64_t key, uint32_t day)
{
	STORE(r->last, (uint64_t)day << 32 | (uint32_t)key);
}

void memory_answered(struct memory *m, const struct addr *to)
{
	uint64_t key = key_of(to, 0);
	struct memory_row *r = row_claim(m, to, key);

	if (r)
		stamp(r, key, clock_today_s());
}

void memory_failed(struct memory *m, const struct addr *to)
{
	uint64_t key = key_of(to, 0);
	struct memory_row *r = row_find(m, key);

	if (r)
		stamp(r, key, 0);
}

void memory_habit(struct memory *m, const struct addr *to, uint32_t program,
		  enum habit h)
{
	uint64_t key = key_of(to, program);
	struct memory_row *r = row_claim(m, to, key);

	if (!r)
		return;
	if (LOAD(r->habit) == (HABIT_BURNT ^ (uint32_t)key) &&
	    recent(r, key, clock_today_s(), BURNT_FOR_S))
		return;
	if (h == HABIT_WROTE_LATE &&
	    LOAD(r->habit) != (HABIT_WRITES_FIRST ^ (uint32_t)key))
		h = HABIT_UNKNOWN;
	STORE(r->habit, (uint32_t)h ^ (uint32_t)key);
	stamp(r, key, clock_today_s());
}

void memory_count(struct memory *m, const struct addr *to, enum outcome o)
{
	struct memory_row *r = row_claim(m, to, key_of(to, 0));

	if (r)
		atomic_fetch_add_explicit(&r->count[o], 1, memory_order_relaxed);
}
