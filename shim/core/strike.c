/* SPDX-License-Identifier: MIT */
/* strike: SYNs that Fast Open has lost, and the pauses that follow; see strike.h. */
#include "core/strike.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)

/* A word: tag, kind, count, hundredths of a second.  Of another tag: nothing. */
#define WHEN_BITS 40
#define COUNT_BITS 7
#define KIND_BITS 2
#define TAG_BITS 15
#define MASK(bits) ((1ull << (bits)) - 1)
#define COUNT_MOST MASK(COUNT_BITS)

struct word {
	uint64_t when_cs;
	uint32_t count;
	enum strike_kind kind;
};

static uint64_t pack(uint32_t tag, struct word w)
{
	uint64_t v = tag & MASK(TAG_BITS);

	v = v << KIND_BITS | (uint64_t)w.kind;
	v = v << COUNT_BITS | w.count;
	return v << WHEN_BITS | (w.when_cs & MASK(WHEN_BITS));
}

static struct word unpack(uint32_t tag, uint64_t v)
{
	struct word w = { 0, 0, STRIKE_OPTION };

	if (v >> (64 - TAG_BITS) != (tag & MASK(TAG_BITS)))
		return w;
	w.when_cs = v & MASK(WHEN_BITS);
	w.count = v >> WHEN_BITS & MASK(COUNT_BITS);
	w.kind = (enum strike_kind)(v >> (WHEN_BITS + COUNT_BITS) & MASK(KIND_BITS));
	if (w.kind > STRIKE_LOST)
		w.kind = STRIKE_LOST;
	return w;
}

/* --- luck ------------------------------------------------------------------------ */

#define LUCK_BITS 16
#define LUCK_TAG_SHIFT (64 - TAG_BITS)
#define LUCK_MEMORY 512 /* successes; then both are halved, so that the past fades */

static void luck_read(uint64_t v, uint32_t tag, uint32_t *ret_good,
		      uint32_t *ret_single)
{
	bool ours = v >> LUCK_TAG_SHIFT == (tag & MASK(TAG_BITS));

	*ret_good = ours ? (uint32_t)(v & MASK(LUCK_BITS)) : 0;
	*ret_single = ours ? (uint32_t)(v >> LUCK_BITS & MASK(LUCK_BITS)) : 0;
}

static void luck_count(struct strikes *s, uint32_t tag, bool after_single)
{
	uint64_t was = LOAD(s->luck), now;
	uint32_t good, single;

	do {
		luck_read(was, tag, &good, &single);
		good++;
		single += after_single;
		if (good > LUCK_MEMORY) {
			good /= 2;
			single /= 2;
		}
		now = (tag & MASK(TAG_BITS)) << LUCK_TAG_SHIFT |
		      (uint64_t)(single & MASK(LUCK_BITS)) << LUCK_BITS | good;
	} while (!atomic_compare_exchange_weak(&s->luck, &was, now));
}

/*
 * Would a run of so many be no great wonder, by the losses seen?  The bound is one in a
 * thousand: with 5 % lost, three in a row instead of two.
 */
static bool may_be_luck(const struct strikes *s, uint32_t tag, uint32_t run)
{
	uint32_t good, single;
	uint64_t chance = 1000000;

	luck_read(LOAD(s->luck), tag, &good, &single);
	if (!single)
		return false;
	for (uint32_t i = 0; i < run && chance; i++)
		chance = chance * (single + 1) / (good + single + 2);
	return chance >= 1000;
}

/* --- strikes --------------------------------------------------------------------- */

static uint64_t pause_cs(const struct strike_rule *rule, uint32_t level)
{
	uint64_t most = rule->pause_cs > STRIKE_DAY_CS ? rule->pause_cs : STRIKE_DAY_CS;
	uint64_t length = rule->pause_cs;

	while (level-- && length < most)
		length *= 2;
	return length < most ? length : most;
}

static bool is_tried(const struct strikes *s, uint32_t tag, uint64_t since_cs,
		     uint64_t now_cs)
{
	struct word t = unpack(tag, LOAD(s->trial));

	/* a strike of the future was before a clock was set back */
	return t.count && (t.when_cs >= since_cs || since_cs > now_cs) &&
	       t.when_cs <= now_cs && now_cs - t.when_cs < STRIKE_TRIAL_CS;
}

void strike_look(const struct strikes *s, uint32_t tag, const struct strike_rule *rule,
		 uint64_t now_cs, struct strike_view *ret)
{
	struct word w = unpack(tag, LOAD(s->word));
	uint32_t needed = rule->strikes, level = 0;

	*ret = (struct strike_view){ STRIKE_NONE, w.kind, w.count, w.when_cs, 0 };
	if (!w.count)
		return;
	needed += may_be_luck(s, tag, needed);
	if (w.count >= needed)
		level = w.count - needed;
	else if (w.kind != STRIKE_LOST)
		return;
	ret->until_cs = w.when_cs + pause_cs(rule, level);
	ret->state = STRIKE_PAUSED;
	/* in the future: the clock was set back, and nothing is known of that time */
	if ((now_cs >= ret->until_cs || w.when_cs > now_cs) &&
	    !is_tried(s, tag, w.when_cs, now_cs))
		ret->state = STRIKE_DUE;
}

bool strike_try(struct strikes *s, uint32_t tag, const struct strike_view *seen,
		uint64_t now_cs)
{
	uint64_t was = LOAD(s->trial);

	if (is_tried(s, tag, seen->last_cs, now_cs))
		return false;
	return atomic_compare_exchange_strong(
		&s->trial, &was, pack(tag, (struct word){ now_cs, 1, STRIKE_OPTION }));
}

bool strike_add(struct strikes *s, uint32_t tag, enum strike_kind kind,
		uint64_t begun_cs, uint64_t now_cs)
{
	uint64_t was = LOAD(s->word);

	for (;;) {
		struct word w = unpack(tag, was);

		if (w.count && begun_cs < w.when_cs && w.when_cs <= now_cs)
			return false;
		if (w.count < COUNT_MOST)
			w.count++;
		if (kind > w.kind)
			w.kind = kind;
		w.when_cs = now_cs;
		if (atomic_compare_exchange_weak(&s->word, &was, pack(tag, w)))
			return true;
	}
}

void strike_success(struct strikes *s, uint32_t tag, bool had_data)
{
	uint64_t was = LOAD(s->word);
	struct word w = unpack(tag, was);

	if (had_data || w.kind == STRIKE_OPTION)
		luck_count(s, tag, w.count == 1 && w.kind != STRIKE_LOST);
	if (!w.count)
		return;
	if (had_data || w.kind == STRIKE_OPTION)
		atomic_compare_exchange_strong(&s->word, &was, 0);
	atomic_store(&s->trial, 0); /* it has reported, and proved that or nothing */
}

void strike_clear(struct strikes *s)
{
	atomic_store(&s->word, 0);
	atomic_store(&s->trial, 0);
	atomic_store(&s->luck, 0);
}

/* --- our own side ---------------------------------------------------------------- */

#define SIDE_CS (5ull * 60 * 100)

/* One of the last three: hash, kind, hundredths of a second. */
#define SIDE_DATA (1ull << WHEN_BITS)
#define SIDE_HASH (~(SIDE_DATA | MASK(WHEN_BITS)))

/* Lately, and nothing came through since that asked for as much? */
static bool is_unanswered(const struct strike_side *s, uint64_t entry, uint64_t now_cs)
{
	uint64_t when = entry & MASK(WHEN_BITS);
	uint64_t success = LOAD(s->success_cs[!!(entry & SIDE_DATA)]);

	return entry && when <= now_cs && now_cs - when < SIDE_CS &&
	       (success < when || success > now_cs);
}

static void side_note(struct strike_side *s, uint64_t entry)
{
	int place = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t was = LOAD(s->struck[i]), other = LOAD(s->struck[place]);

		if ((was & SIDE_HASH) == (entry & SIDE_HASH)) {
			place = i;
			break;
		}
		if ((was & MASK(WHEN_BITS)) < (other & MASK(WHEN_BITS)))
			place = i;
	}
	atomic_store(&s->struck[place], entry);
}

void strike_side_add(struct strike_side *s, uint64_t destination, enum strike_kind kind,
		     uint64_t begun_cs, uint64_t now_cs)
{
	bool is_own = true;

	side_note(s, (destination & SIDE_HASH) | (kind >= STRIKE_DATA ? SIDE_DATA : 0) |
			     (now_cs & MASK(WHEN_BITS)));
	for (int i = 0; i < 3; i++)
		is_own = is_own && is_unanswered(s, LOAD(s->struck[i]), now_cs);
	if (is_own || unpack(STRIKE_SIDE_TAG, LOAD(s->all.word)).count)
		strike_add(&s->all, STRIKE_SIDE_TAG, kind, begun_cs, now_cs);
}

void strike_side_success(struct strike_side *s, bool had_data, uint64_t now_cs)
{
	struct word w = unpack(STRIKE_SIDE_TAG, LOAD(s->all.word));

	for (int i = 0; i <= had_data; i++)
		if (LOAD(s->success_cs[i]) != now_cs)
			atomic_store(&s->success_cs[i], now_cs);
	if (w.count && (had_data || w.kind == STRIKE_OPTION))
		strike_clear(&s->all);
	else if (w.count)
		atomic_store(&s->all.trial, 0); /* it proved nothing */
}

void strike_side_clear(struct strike_side *s)
{
	strike_clear(&s->all);
	for (int i = 0; i < 3; i++)
		atomic_store(&s->struck[i], 0);
	for (int i = 0; i < 2; i++)
		atomic_store(&s->success_cs[i], 0);
}
