/* SPDX-License-Identifier: MIT */
/* memory: what we know of destinations; see memory.h. */
#include "core/memory.h"

#include "core/clock.h"

#define MAGIC 0x336d656d6f667432u /* "2tfomem3" */

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define ADD(x, n) atomic_fetch_add_explicit(&(x), (n), memory_order_relaxed)

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

/* --- rows ------------------------------------------------------------------------ */

uint64_t memory_key(const struct addr *to, uint32_t program)
{
	uint64_t h = (addr_hash(to) ^ program) * 0x9e3779b97f4a7c15u;

	h ^= h >> 31;
	return h ? h : 1;
}

static struct rows destinations(const struct memory *m)
{
	return (struct rows){ (char *)m->row, sizeof(*m->row), MEMORY_DESTINATIONS };
}

/* NULL also for one that somebody claimed and has not begun: killed, say. */
struct memory_row *memory_row_of(const struct memory *m, uint64_t key)
{
	struct rows t = destinations(m);
	struct memory_row *r = (struct memory_row *)(void *)rows_find(&t, key);

	return r && LOAD(r->whose) == (uint32_t)key ? r : NULL;
}

static void counts_clear(struct memory_counts *c)
{
	for (int i = 0; i < OUTCOMES; i++)
		STORE(c->outcome[i], 0);
	for (int i = 0; i < MEMORY_REASONS; i++)
		STORE(c->reason[i], 0);
}

/* What it held is another's, or forgotten. */
static void row_begin(struct memory_row *r, const struct addr *to, uint64_t key)
{
	STORE(r->whose, 0); /* who dies in here leaves nobody's, not his who had it */
	STORE(r->answered, 0);
	strike_clear(&r->struck);
	strike_clear(&r->slow);
	counts_clear(&r->count);
	pace_clear(&r->pace);
	STORE(r->rtt_us, 0);
	STORE(r->saved_us, 0);
	STORE(r->name[0], '\0');
	for (int i = 0; i < 16; i++)
		STORE(r->ip[i], to->ip[i]);
	STORE(r->port, to->port);
	STORE(r->version, to->version);
	STORE(r->whose, (uint32_t)key); /* last: up to here nobody believes it */
}

static struct memory_row *row_claim(struct memory *m, const struct addr *to,
				    uint64_t key)
{
	struct rows t = destinations(m);
	struct memory_row *r = (struct memory_row *)(void *)rows_claim(&t, key,
								       clock_today_s());

	if (r && LOAD(r->whose) != (uint32_t)key)
		row_begin(r, to, key);
	return r;
}

/* --- asking ---------------------------------------------------------------------- */

/* A clock set back: not recent. */
static bool recent(uint32_t then, uint32_t now, uint32_t within_s)
{
	return then && then <= now && now - then < within_s;
}

/* A pause of one kind, if it is one; the first that holds is the answer. */
static void ask_pause(const struct strikes *s, uint64_t key,
		      const struct strike_rule *rule, enum reason why,
		      struct memory_view *ret)
{
	struct strike_view v;

	strike_look(s, (uint32_t)key, rule, clock_today_cs(), &v);
	if (why == REASON_paused && !ret->strikes.count)
		ret->strikes = v;
	if (v.state == STRIKE_NONE ||
	    (ret->pause != REASON_none && !(ret->is_due && v.state == STRIKE_PAUSED)))
		return;
	ret->pause = why;
	ret->is_due = v.state == STRIKE_DUE;
	ret->until_cs = v.until_cs;
	ret->of_all = key == STRIKE_SIDE_TAG;
	ret->strikes = v;
}

/* What never leaves this host is on no path's near side. */
static void ask_pauses(const struct memory *m, const struct addr *to,
		       const struct memory_rule *rule, struct memory_view *ret)
{
	const struct strike_rule once = { 1, rule->strike.pause_cs };
	uint64_t key = memory_key(to, 0);
	const struct memory_row *r = memory_row_of(m, key);

	if (r) {
		ask_pause(&r->struck, key, &rule->strike, REASON_paused, ret);
		ask_pause(&r->slow, key, &once, REASON_slower, ret);
	}
	if (!addr_is_loopback(to))
		ask_pause(&m->side.all, STRIKE_SIDE_TAG, &once, REASON_paused, ret);
	if (!r || ret->pause == REASON_paused || (ret->pause && !ret->is_due) ||
	    !pace_is_slower(&r->pace, rule->slower))
		return;
	ret->slower_now = true;
	if (!pace_is_sure(&r->pace))
		return;
	ret->pause = REASON_slower;
	ret->is_due = false;
	ret->until_cs = clock_today_cs() + rule->strike.pause_cs;
}

bool memory_answered(const struct memory *m, const struct addr *to, uint32_t within_s)
{
	uint64_t key = memory_key(to, 0);
	const struct memory_row *r = memory_row_of(m, key);

	return r &&
	       recent(rows_seconds(key, LOAD(r->answered)), clock_today_s(), within_s);
}

uint32_t memory_rtt_us(const struct memory *m, const struct addr *to)
{
	const struct memory_row *r = memory_row_of(m, memory_key(to, 0));

	return r ? LOAD(r->rtt_us) : 0;
}

void memory_ask(const struct memory *m, const struct addr *to, uint32_t program,
		const struct memory_rule *rule, struct memory_view *ret)
{
	uint32_t since;

	*ret = (struct memory_view){ .answered = false };
	ret->answered = memory_answered(m, to, rule->proven_for_s);
	ret->habit = habit_noted(&m->habits, memory_key(to, program), &since);
	if (!recent(since, clock_today_s(), rule->proven_for_s))
		ret->habit = HABIT_UNKNOWN;
	ask_pauses(m, to, rule, ret);
}

/* --- acting on it ---------------------------------------------------------------- */

#define SAME_CS 50

/*
 * If it is sure it is paused, and from now on only what comes after this pause says
 * whether it shall be another.
 */
static void seems_slower(struct memory_row *r, uint64_t key, bool is_sure)
{
	uint64_t now = clock_today_cs();

	/* who saw the same in the same moment is no further strike */
	if (!is_sure ||
	    strike_add(&r->slow, (uint32_t)key, STRIKE_OPTION, now - SAME_CS, now))
		pace_look_closely(&r->pace, now);
}

enum reason memory_gate(struct memory *m, const struct addr *to,
			const struct memory_view *seen)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = memory_row_of(m, key);

	if (seen->slower_now && r)
		seems_slower(r, key, seen->pause == REASON_slower && !seen->is_due);
	if (seen->pause == REASON_none || !seen->is_due)
		return seen->pause;
	if (seen->pause == REASON_slower) /* it costs little, and many are needed */
		return REASON_none;
	if (seen->of_all)
		return strike_try(&m->side.all, STRIKE_SIDE_TAG, &seen->strikes,
				  clock_today_cs())
			       ? REASON_none
			       : REASON_paused;
	return r && strike_try(&r->struck, (uint32_t)key, &seen->strikes,
			       clock_today_cs())
		       ? REASON_none
		       : REASON_paused;
}

bool memory_is_baseline(struct memory *m, const struct addr *to, uint32_t one_in)
{
	struct memory_row *r = memory_row_of(m, memory_key(to, 0));

	return r && pace_is_baseline(&r->pace, one_in);
}

/* --- recording ------------------------------------------------------------------- */

void memory_failed(struct memory *m, const struct addr *to)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = memory_row_of(m, key);

	if (r)
		STORE(r->answered, rows_stamp(key, 0));
}

void memory_strike(struct memory *m, const struct addr *to, enum strike_kind kind,
		   uint64_t begun_cs)
{
	uint64_t key = memory_key(to, 0), now = clock_today_cs();
	struct memory_row *r = row_claim(m, to, key);

	if (r && strike_add(&r->struck, (uint32_t)key, kind, begun_cs, now) &&
	    !addr_is_loopback(to))
		strike_side_add(&m->side, key, kind, begun_cs, now);
}

/* After a pause: enough of the new ones were not slower. */
static void forgive_slow(struct memory_row *r, uint64_t key)
{
	const struct strike_rule any = { 1, 1 };
	struct strike_view v;

	if (pace_is_sure(&r->pace))
		return;
	strike_look(&r->slow, (uint32_t)key, &any, clock_today_cs(), &v);
	if (v.count)
		strike_clear(&r->slow);
}

/* As TCP smooths it: an eighth of what is new (RFC 6298). */
static void smooth_rtt(struct memory_row *r, uint32_t rtt_us)
{
	uint32_t was = LOAD(r->rtt_us);

	if (rtt_us)
		STORE(r->rtt_us, was ? was - was / 8 + rtt_us / 8 : rtt_us);
}

static void count(struct memory_counts *c, enum outcome o, enum reason why)
{
	ADD(c->outcome[o], 1);
	ADD(c->reason[why], 1);
}

/* Nearly always it is the name that is there. */
static void note_name(struct memory_row *r, const char *name)
{
	for (int i = 0; name && i < MEMORY_NAME; i++) {
		char c = i + 1 < MEMORY_NAME ? name[i] : '\0';

		if (LOAD(r->name[i]) != c)
			STORE(r->name[i], c);
		if (!c)
			break;
	}
}

/*
 * Chance decides at connect() who goes plainly, before anybody knows what will be
 * written: so all of the others are compared with those, also whose data did not ride.
 */
static void compare(struct memory_row *r, uint64_t key, const struct memory_end *end)
{
	bool rode = end->had_data && end->reason == REASON_none;

	if (!end->first_byte_us ||
	    !pace_is_for(&r->pace, end->begun_cs, clock_today_cs()))
		return;
	if (end->reason == REASON_baseline) {
		pace_add_plain(&r->pace, end->first_byte_us);
	} else if (rode || end->compared) {
		pace_add_fast(&r->pace, end->first_byte_us);
		forgive_slow(r, key);
	}
}

void memory_given_up(struct memory *m, const struct addr *to,
		     const struct memory_end *end)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = memory_row_of(m, key);

	if (r)
		compare(r, key, end);
}

static void end_row(struct memory_row *r, uint64_t key, const struct memory_end *end)
{
	count(&r->count, end->outcome, end->reason);
	smooth_rtt(r, end->rtt_us);
	if (end->answered)
		STORE(r->answered, rows_stamp(key, clock_today_s()));
	if (end->outcome == OUTCOME_data_acked && !end->syn_again)
		ADD(r->saved_us, end->rtt_us);
	note_name(r, end->name);
	compare(r, key, end);
}

void memory_end(struct memory *m, const struct addr *to, const struct memory_end *end)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = row_claim(m, to, key);
	enum outcome o = end->outcome;

	if (!r)
		return;
	end_row(r, key, end);
	if (end->cut)
		memory_failed(m, to);
	else if (o == OUTCOME_syn_retransmitted ||
		 ((o == OUTCOME_cookie_requested || o == OUTCOME_opened_early) &&
		  end->syn_again))
		memory_strike(m, to, end->had_data ? STRIKE_DATA : STRIKE_OPTION,
			      end->begun_cs);
	else if (o != OUTCOME_plain && !end->syn_again) {
		strike_success(&r->struck, (uint32_t)key, end->had_data);
		if (!addr_is_loopback(to))
			strike_side_success(&m->side, end->had_data, clock_today_cs());
	}
}

void memory_declined(struct memory *m, const struct addr *to, enum reason why)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = memory_row_of(m, key);

	if (!r)
		return;
	rows_touch(&r->head, key, clock_today_s()); /* a pause may last a day */
	count(&r->count, OUTCOME_plain, why);
}

void memory_habit(struct memory *m, const struct addr *to, uint32_t program,
		  enum habit h)
{
	habit_note(&m->habits, memory_key(to, program), (uint32_t)memory_key(to, 0), h);
}

/* --- forgetting ------------------------------------------------------------------ */

static void row_free(struct memory_row *r, uint64_t key)
{
	STORE(r->whose, 0); /* else it would all be back with its next connection */
	rows_free(&r->head, key);
}

bool memory_forget(struct memory *m, const struct addr *to)
{
	uint64_t key = memory_key(to, 0);
	struct memory_row *r = memory_row_of(m, key);
	bool known = r != NULL;

	if (r)
		row_free(r, key);
	return habit_forget(&m->habits, (uint32_t)key) || known;
}

void memory_forget_all(struct memory *m)
{
	strike_side_clear(&m->side);
	for (int i = 0; i < MEMORY_DESTINATIONS; i++)
		row_free(&m->row[i], LOAD(m->row[i].head.key));
	habit_forget_all(&m->habits);
}
