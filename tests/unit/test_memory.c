/* SPDX-License-Identifier: MIT */
/* core/memory: what is believed of destinations: by age, under garbage, under
 * hammering. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory_view.h"
#include "unit.h"

#define FOR_S 600
#define PROGRAM 0x1234567u
#define OTHER_PROGRAM 0x7654321u

static const struct memory_rule rule = {
	.proven_for_s = FOR_S,
	.strike = { 2, 60000 },
	.slower = 1200,
};

static struct memory *new_memory(void)
{
	struct memory *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	ck_assert(memory_ready(m));
	return m;
}

static struct addr dest(uint32_t n)
{
	return (struct addr){
		.ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n },
		.port = (uint16_t)(n >> 24 | 0x100),
		.version = 4,
	};
}

static bool answered(struct memory *m, const struct addr *to, uint32_t within_s)
{
	struct memory_rule r = rule;
	struct memory_view v;

	r.proven_for_s = within_s;
	memory_ask(m, to, PROGRAM, &r, &v);
	ck_assert(v.answered == memory_answered(m, to, within_s));
	return v.answered;
}

static void ends(struct memory *m, const struct addr *to, enum outcome o, bool answers)
{
	const struct memory_end e = {
		.outcome = o,
		.answered = answers,
		.begun_cs = clock_today_cs(),
	};

	memory_end(m, to, &e);
}

static void answers(struct memory *m, const struct addr *to)
{
	ends(m, to, OUTCOME_plain, true);
}

static enum habit habit_there(struct memory *m, const struct addr *to, uint32_t program)
{
	struct memory_view v;

	memory_ask(m, to, program, &rule, &v);
	return v.habit;
}

static uint64_t older(uint64_t stamp, int64_t seconds)
{
	return stamp >> 32 ? stamp - ((uint64_t)seconds << 32) : stamp;
}

/* Makes everything in the memory older (or, with less than nothing, younger). */
static void age(struct memory *m, int64_t seconds)
{
	for (int i = 0; i < MEMORY_DESTINATIONS; i++) {
		struct memory_row *r = &m->row[i];

		r->answered = older(r->answered, seconds);
		r->head.seen = older(r->head.seen, seconds);
	}
	for (int i = 0; i < HABIT_ROWS; i++)
		m->habits.row[i].head.seen = older(m->habits.row[i].head.seen, seconds);
}

START_TEST(memory_is_ours)
{
	struct memory *m = new_memory();

	ck_assert(memory_ready(m));
	m->magic++;
	ck_assert(!memory_ready(m));
	m->magic = UINT64_MAX;
	ck_assert(!memory_ready(m));
}
END_TEST

START_TEST(memory_proves)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), port = a, six = a;

	port.port++;
	six.version = 6;
	ck_assert(!answered(m, &a, FOR_S));
	memory_failed(m, &a); /* of a stranger: nothing */
	answers(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert(!answered(m, &port, FOR_S));
	ck_assert(!answered(m, &six, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	memory_failed(m, &a);
	ck_assert(!answered(m, &a, FOR_S));
	answers(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	ends(m, &port, OUTCOME_plain, false); /* counted, not proven */
	ck_assert(!answered(m, &port, FOR_S));
}
END_TEST

START_TEST(memory_keeps_habits)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);

	for (enum habit h = HABIT_UNKNOWN; h <= HABIT_KNOCKS; h++) {
		memory_habit(m, &a, PROGRAM, h);
		ck_assert_int_eq(habit_there(m, &a, PROGRAM), h);
	}
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &a, OTHER_PROGRAM, HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_KNOCKS);
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	ck_assert(!answered(m, &a, FOR_S));		/* a habit proves nothing */
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* never seen to be in time */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &b, PROGRAM, HABIT_WRITES_FIRST);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* forgiven once */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_WROTE_LATE);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
}
END_TEST

START_TEST(memory_ages)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);

	answers(m, &a);
	memory_habit(m, &a, PROGRAM, HABIT_WRITES_FIRST);
	age(m, FOR_S - 5);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_WRITES_FIRST);
	age(m, 10);
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert(answered(m, &a, FOR_S + 60));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	answers(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	age(m, -3600); /* written in the future: the clock was set back */
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
}
END_TEST

START_TEST(memory_counts)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	unsigned int rows = 0;

	for (enum outcome o = 0; o < OUTCOMES; o++)
		for (unsigned int i = 0; i <= o; i++)
			ends(m, &a, o, false);
	for (int i = 0; i < MEMORY_DESTINATIONS; i++) {
		if (!m->row[i].head.key)
			continue;
		rows++;
		for (enum outcome o = 0; o < OUTCOMES; o++)
			ck_assert_uint_eq(m->row[i].count.outcome[o],
					  (unsigned int)o + 1);
		ck_assert_mem_eq(m->row[i].ip, a.ip, 16);
		ck_assert_uint_eq(m->row[i].port, a.port);
	}
	ck_assert_uint_eq(rows, 1);
}
END_TEST

/* Many more destinations than rows: the newcomers find room, and inherit nothing. */
START_TEST(memory_takes_over)
{
	struct memory *m = new_memory();
	unsigned int kept = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		answers(m, &to);
		ck_assert(answered(m, &to, FOR_S));
		memory_habit(m, &to, PROGRAM, HABIT_KNOCKS);
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_KNOCKS);
	}
	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		kept += answered(m, &to, FOR_S);
	}
	ck_assert_uint_gt(kept, MEMORY_DESTINATIONS / 8);
	ck_assert_uint_le(kept, MEMORY_DESTINATIONS);
	for (uint32_t i = 100000; i < 200000; i++) {
		struct addr to = dest(i);

		ck_assert(!answered(m, &to, FOR_S));
		ends(m, &to, OUTCOME_plain, false); /* takes a row over */
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
		memory_habit(m, &to, OTHER_PROGRAM, HABIT_READS_FIRST);
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
	}
}
END_TEST

/* The oldest gives way: who was heard of today outlives a flood of what is yesterday's.
 */
START_TEST(memory_keeps_the_young)
{
	struct memory *m = new_memory();
	struct addr dear = dest(0xffffff);

	for (uint32_t i = 0; i < 20000; i++) {
		struct addr to = dest(i);

		answers(m, &to);
	}
	age(m, 1000);
	answers(m, &dear);
	for (uint32_t i = 20000; i < 20500; i++) {
		struct addr to = dest(i);

		answers(m, &to);
	}
	ck_assert(answered(m, &dear, FOR_S));
}
END_TEST

static struct memory_view view_of(struct memory *m, const struct addr *to)
{
	struct memory_view v;

	memory_ask(m, to, PROGRAM, &rule, &v);
	return v;
}

static enum reason gate(struct memory *m, const struct addr *to)
{
	struct memory_view v = view_of(m, to);

	return memory_gate(m, to, &v);
}

/* A connection as long ago as it takes for the last strike to have been known. */
static void strikes(struct memory *m, const struct addr *to, bool had_data)
{
	const struct memory_end e = {
		.outcome = OUTCOME_syn_retransmitted,
		.had_data = had_data,
		.syn_again = true,
		.answered = true,
		.begun_cs = clock_today_cs() + 1,
	};

	memory_end(m, to, &e);
}

static uint64_t begun_cs; /* 0: after all that is known */

static uint64_t begun(void)
{
	return begun_cs ? begun_cs : clock_today_cs() + 2;
}

static void rides(struct memory *m, const struct addr *to, uint32_t first_byte_us)
{
	const struct memory_end e = {
		.outcome = OUTCOME_data_acked,
		.had_data = true,
		.answered = true,
		.rtt_us = 20000,
		.first_byte_us = first_byte_us,
		.begun_cs = begun(),
	};

	memory_end(m, to, &e);
}

static void compares(struct memory *m, const struct addr *to, uint32_t first_byte_us)
{
	const struct memory_end e = {
		.outcome = OUTCOME_plain,
		.reason = REASON_baseline,
		.answered = true,
		.first_byte_us = first_byte_us,
		.begun_cs = begun(),
	};

	memory_end(m, to, &e);
}

START_TEST(memory_pauses)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);

	strikes(m, &a, true);
	ck_assert_int_eq(gate(m, &a), REASON_none);
	strikes(m, &a, true);
	ck_assert_int_eq(gate(m, &a), REASON_paused);
	ck_assert(!view_of(m, &a).of_all);
	ck_assert_int_eq(gate(m, &b), REASON_none);
	ends(m, &a, OUTCOME_opened_early, true); /* that proves nothing of data */
	ck_assert_int_eq(gate(m, &a), REASON_paused);
	rides(m, &a, 0);
	ck_assert_int_eq(gate(m, &a), REASON_none);
	memory_strike(m, &a, STRIKE_LOST, clock_today_cs() + 1);
	ck_assert_int_eq(gate(m, &a), REASON_paused);
	ck_assert(memory_forget(m, &a));
	ck_assert(!memory_forget(m, &a));
	ck_assert_int_eq(gate(m, &a), REASON_none);
}
END_TEST

/* A SYN with a cookie and without data is lost as one with both. */
START_TEST(memory_strikes_without_data)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	struct memory_end e = {
		.outcome = OUTCOME_opened_early,
		.syn_again = true,
		.answered = true,
		.begun_cs = clock_today_cs(),
	};

	memory_end(m, &a, &e);
	ck_assert_int_eq(gate(m, &a), REASON_none);
	e.begun_cs = clock_today_cs();
	memory_end(m, &a, &e);
	ck_assert_int_eq(gate(m, &a), REASON_paused);
}
END_TEST

/* Forgotten is forgotten: the row is the same one when the destination comes again. */
START_TEST(memory_stays_forgotten)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	struct memory_facts f;

	for (int all = 0; all < 2; all++) {
		rides(m, &a, 30000);
		strikes(m, &a, true);
		strikes(m, &a, true);
		ck_assert_int_eq(gate(m, &a), REASON_paused);
		if (all)
			memory_forget_all(m);
		else
			memory_forget(m, &a);
		ends(m, &a, OUTCOME_opened_early, false); /* clears nothing itself */
		ck_assert_int_eq(gate(m, &a), REASON_none);
		ck_assert_uint_eq(view_of(m, &a).strikes.count, 0);
		ck_assert(!answered(m, &a, FOR_S));
		ck_assert(memory_view_look(m, &a, PROGRAM, &f));
		ck_assert_uint_eq(f.fast_us, 0);
	}
}
END_TEST

/* A process that is killed when it has just taken a row over, and another's words. */
START_TEST(memory_inherits_nothing_half)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);
	struct memory_row *r = NULL;
	struct memory_facts f;
	uint64_t key_of_b = 0;

	rides(m, &b, 20000);
	for (int i = 0; i < MEMORY_DESTINATIONS; i++)
		key_of_b = m->row[i].head.key ? m->row[i].head.key : key_of_b;
	memory_forget_all(m);
	for (int i = 0; i < 2 * PACE_SAMPLES; i++) {
		rides(m, &a, 30000);
		compares(m, &a, 10000);
	}
	for (int i = 0; i < MEMORY_DESTINATIONS; i++)
		r = m->row[i].head.key ? &m->row[i] : r;
	r->head.key = 0; /* to where b will look for it, with all that is a's */
	m->row[(key_of_b >> 32) % MEMORY_DESTINATIONS] = *r;
	m->row[(key_of_b >> 32) % MEMORY_DESTINATIONS].head.key = key_of_b;
	ck_assert_int_eq(view_of(m, &b).pause, REASON_none);
	memory_view_look(m, &b, PROGRAM, &f);
	ck_assert_uint_eq(f.fast_us, 0);
	ck_assert_uint_eq(f.rtt_us, 0);
	rides(m, &b, 20000);
	ck_assert(memory_view_look(m, &b, PROGRAM, &f));
	ck_assert_uint_eq(f.outcome[OUTCOME_data_acked], 1);
	ck_assert_uint_eq(f.plain_us, 0);
}
END_TEST

/* While it is paused its connections are declined: it is not forgotten for that. */
START_TEST(memory_keeps_the_paused)
{
	struct memory *m = new_memory();
	struct addr dear = dest(0xffffff);

	strikes(m, &dear, true);
	strikes(m, &dear, true);
	age(m, 1000);
	memory_declined(m, &dear, REASON_paused);
	age(m, 2);
	for (uint32_t i = 0; i < 20000; i++) {
		struct addr to = dest(i);

		answers(m, &to);
		if (i % 16)
			continue;
		age(m, 1);
		memory_declined(m, &dear, REASON_paused);
	}
	ck_assert_int_eq(gate(m, &dear), REASON_paused);
}
END_TEST

START_TEST(memory_pauses_all)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2), c = dest(3), d = dest(4);

	strikes(m, &a, true);
	strikes(m, &b, true);
	rides(m, &d, 0);	 /* it works somewhere */
	m->side.success_cs[0]--; /* ... a moment ago */
	m->side.success_cs[1]--;
	strikes(m, &c, true);
	ck_assert_int_eq(gate(m, &d),
			 view_of(m, &d).of_all ? REASON_paused : REASON_none);
	memory_forget_all(m);
	strikes(m, &a, true);
	strikes(m, &b, true);
	ends(m, &d, OUTCOME_cookie_requested, true); /* without data it does */
	ck_assert_int_eq(gate(m, &d), REASON_none);
	strikes(m, &c, true);
	ck_assert_int_eq(gate(m, &d), REASON_paused);
	ck_assert(view_of(m, &d).of_all);
	rides(m, &d, 0); /* one that was under way */
	ck_assert_int_eq(gate(m, &d), REASON_none);
}
END_TEST

/* One more connection, which takes so long with Fast Open and without; why it does. */
static enum reason goes(struct memory *m, const struct addr *to, uint32_t fast_us,
			uint32_t plain_us)
{
	enum reason why = gate(m, to);

	if (why == REASON_none && memory_is_baseline(m, to, 64))
		why = REASON_baseline;
	if (why == REASON_none)
		rides(m, to, fast_us);
	else if (why == REASON_baseline)
		compares(m, to, plain_us);
	return why;
}

/* How many go until it is paused, n at most. */
static int until_slower(struct memory *m, const struct addr *to, uint32_t fast_us,
			uint32_t plain_us, int n)
{
	for (int i = 0; i < n; i++)
		if (goes(m, to, fast_us, plain_us) == REASON_slower)
			return i;
	return n;
}

START_TEST(memory_is_not_fooled_by_load)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);

	/* the server is slow for a while, to all alike */
	ck_assert_int_eq(until_slower(m, &a, 20000, 20000, 500), 500);
	for (int n = 8; n < 200; n += 7) {
		ck_assert_int_eq(until_slower(m, &a, 60000, 60000, n), n);
		ck_assert_int_eq(until_slower(m, &a, 20000, 20000, 300), 300);
	}
	/* ... and with Fast Open alone */
	ck_assert_int_lt(until_slower(m, &a, 30000, 20000, 200), 200);
}
END_TEST

static void pause_is_over(struct memory *m)
{
	for (int i = 0; i < MEMORY_DESTINATIONS; i++)
		if (m->row[i].slow.word)
			m->row[i].slow.word -= rule.strike.pause_cs + 100;
}

START_TEST(memory_slower_ends)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);

	ck_assert_int_lt(until_slower(m, &a, 30000, 20000, 200), 200);
	begun_cs = clock_today_cs() - 100;
	for (int i = 0; i < 100; i++) /* under way since before */
		rides(m, &a, 30000);
	begun_cs = 0;
	ck_assert_int_eq(gate(m, &a), REASON_slower);
	pause_is_over(m);
	ck_assert_int_lt(until_slower(m, &a, 30000, 20000, 200), 50); /* still so */
	ck_assert_uint_eq(view_of(m, &a).strikes.count, 2);
	pause_is_over(m);
	pause_is_over(m);
	/* all has become slow there meanwhile, Fast Open no more than the rest */
	ck_assert_int_eq(until_slower(m, &a, 60000, 60000, 500), 500);
	ck_assert_int_eq(view_of(m, &a).pause, REASON_none);
	ck_assert_uint_eq(view_of(m, &a).strikes.count, 0);
}
END_TEST

/* What never leaves this host says nothing of our side of the paths, nor is it paused.
 */
START_TEST(memory_knows_its_own_host)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2), c = dest(3), d = dest(4), own = dest(5);

	own.ip[0] = 127;
	strikes(m, &a, true);
	strikes(m, &b, true);
	strikes(m, &own, true);
	ck_assert_int_eq(gate(m, &d), REASON_none);
	m->side.struck[0] -= 2; /* in moments before the success */
	m->side.struck[1] -= 2;
	rides(m, &own, 100);
	strikes(m, &c, true);
	ck_assert_int_eq(gate(m, &d), REASON_paused);
	ck_assert_int_eq(gate(m, &own), REASON_none);
	rides(m, &own, 100);
	ck_assert_int_eq(gate(m, &d), REASON_paused);
}
END_TEST

START_TEST(memory_measures)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	struct memory_facts f;

	for (int i = 0; i < 8 * PACE_SAMPLES; i++)
		rides(m, &a, 30000);
	for (int i = 0; i < PACE_SAMPLES; i++)
		compares(m, &a, 20000);
	ck_assert(view_of(m, &a).slower_now); /* so it seems */
	ck_assert_int_eq(view_of(m, &a).pause, REASON_none);
	ck_assert_int_eq(gate(m, &a), REASON_none);
	ck_assert(!view_of(m, &a).slower_now); /* looked at closely */
	for (int i = 0; i < PACE_SAMPLES; i++) {
		rides(m, &a, 30000);
		compares(m, &a, 20000);
	}
	ck_assert_int_eq(view_of(m, &a).pause, REASON_slower);
	ck_assert(memory_view_look(m, &a, PROGRAM, &f));
	ck_assert_uint_eq(f.saved_us, 9 * PACE_SAMPLES * 20000);
	ck_assert_uint_eq(f.rtt_us, 20000);
	ck_assert_uint_eq(f.reason[REASON_baseline], 2 * PACE_SAMPLES);
	ck_assert(f.fast_us > 29980 && f.fast_us <= 30000);
	ck_assert_int_eq(gate(m, &a), REASON_slower);
	ck_assert_int_eq(gate(m, &a), REASON_slower);
	ck_assert(memory_view_look(m, &a, PROGRAM, &f));
	ck_assert_uint_eq(f.fast_us, 0); /* from now on only what comes counts */
	memory_forget(m, &a);
	for (int i = 0; i < 8 * PACE_SAMPLES; i++) {
		rides(m, &a, 20000);
		compares(m, &a, 20000);
	}
	ck_assert_int_eq(gate(m, &a), REASON_none);
}
END_TEST

/* Who goes plainly is chosen before anybody knows what will be written. */
START_TEST(memory_compares_what_chance_chose)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), found;
	struct memory_end held = {
		.reason = REASON_payload,
		.outcome = OUTCOME_opened_early,
		.answered = true,
		.first_byte_us = 50000,
		.begun_cs = begun(),
		.name = "example.org",
	};
	struct memory_facts f;

	compares(m, &a, 40000);
	memory_end(m, &a, &held); /* it was never one of those */
	memory_view_look(m, &a, PROGRAM, &f);
	ck_assert_uint_eq(f.sets.plain, 1);
	ck_assert_uint_eq(f.sets.fast, 0);
	held.compared = true;
	memory_end(m, &a, &held);
	compares(m, &a, 40000);
	memory_given_up(m, &a, &held);
	compares(m, &a, 40000);
	memory_view_look(m, &a, PROGRAM, &f);
	ck_assert_uint_eq(f.sets.plain, 3);
	ck_assert_uint_eq(f.sets.fast, 2);
	ck_assert(f.sets.fast_us[1] > 49900);
	ck_assert_str_eq(f.name, "example.org");
	for (unsigned int i = 0, n = 0; i < MEMORY_DESTINATIONS; i++) {
		n += memory_view_row(m, i, &found);
		ck_assert_uint_le(n, 1);
		if (i + 1 == MEMORY_DESTINATIONS)
			ck_assert_uint_eq(n, 1);
	}
}
END_TEST

/* What a row says of its address is believed only where its key was made of it. */
START_TEST(memory_shows_no_other_address)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), found;
	struct memory_row *r;

	answers(m, &a);
	r = memory_row_of(m, memory_key(&a, 0));
	ck_assert_ptr_nonnull(r);
	ck_assert(memory_view_row(m, (unsigned int)(r - m->row), &found));
	ck_assert_mem_eq(&found, &a, sizeof(a));
	r->ip[3]++;
	ck_assert(!memory_view_row(m, (unsigned int)(r - m->row), &found));
	memory_view_row(m, UINT32_MAX, &found);
}
END_TEST

START_TEST(memory_declines)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);
	struct memory_facts f;

	memory_declined(m, &a, REASON_policy);
	ck_assert(!memory_view_look(m, &a, PROGRAM, &f)); /* no row is spent on it */
	answers(m, &b);
	memory_declined(m, &b, REASON_own_tfo);
	ck_assert(memory_view_look(m, &b, PROGRAM, &f));
	ck_assert_uint_eq(f.reason[REASON_own_tfo], 1);
	ck_assert_uint_eq(f.outcome[OUTCOME_plain], 2);
}
END_TEST

START_TEST(memory_forgets_habits)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);

	memory_habit(m, &a, PROGRAM, HABIT_KNOCKS);
	memory_habit(m, &a, OTHER_PROGRAM, HABIT_READS_FIRST);
	memory_habit(m, &b, PROGRAM, HABIT_KNOCKS);
	ck_assert(memory_forget(m, &a));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_UNKNOWN);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_KNOCKS);
	memory_forget_all(m);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
}
END_TEST

static void random_use(struct memory *m, uint32_t i)
{
	struct addr to = dest(i);
	uint32_t program = (uint32_t)unit_dice();

	switch (unit_dice() % 7) {
	case 0:
		memory_failed(m, &to);
		break;
	case 1:
		ends(m, &to, (enum outcome)(unit_dice() % OUTCOMES), false);
		break;
	case 2:
		memory_habit(m, &to, program, HABIT_READS_FIRST);
		break;
	case 3:
		memory_strike(m, &to, (enum strike_kind)(unit_dice() % 3),
			      clock_today_cs());
		break;
	case 4:
		gate(m, &to);
		break;
	case 5:
		rides(m, &to, program);
		break;
	default:
		answers(m, &to);
	}
}

/* Whatever the file holds: nothing crashes, and a stranger is never believed. */
START_TEST(memory_survives_garbage)
{
	struct memory *m = new_memory();
	struct memory_rule believing = rule;
	uint64_t *word = (uint64_t *)m;

	believing.proven_for_s = UINT32_MAX;
	for (int round = 0; round < 6; round++) {
		uint64_t now = (uint64_t)clock_today_s() << 32;

		for (size_t i = 1; i < sizeof(*m) / 8; i++)
			word[i] = round == 0   ? UINT64_MAX
				  : round == 1 ? 1
				  : round == 2 ? now
					       : unit_dice();
		if (round > 3) /* real keys with other people's words */
			for (uint32_t i = 0; i < 3000; i++)
				random_use(m, i);
		if (round > 4)
			for (int i = 0; i < MEMORY_DESTINATIONS; i++)
				m->row[i].answered = now | (uint32_t)unit_dice();
		for (uint32_t i = 200000; i < 230000; i++) {
			struct addr to = dest(i);
			struct memory_view v;

			memory_ask(m, &to, (uint32_t)unit_dice(), &believing, &v);
			ck_assert(!v.answered);
			ck_assert_int_eq(v.habit, HABIT_UNKNOWN);
			ck_assert(v.pause == REASON_none || v.is_due ||
				  v.until_cs <= clock_today_cs() + STRIKE_DAY_CS);
			if (i % 4 == 0)
				random_use(m, i - 200000);
		}
	}
}
END_TEST

#define THREADS 3
#define PROCESSES 3
#define HAMMERS (UNIT_SANITIZED ? 20000 : 60000)
#define HAMMERED 20000 /* destinations; the odd ones never answer */

static struct memory *hammered;
static _Atomic unsigned int lies;

static void *hammer(void *seed)
{
	uint64_t state = (uintptr_t)seed * 0x9e3779b97f4a7c15u;

	for (int i = 0; i < HAMMERS; i++) {
		struct addr to;
		struct memory_view v;
		uint32_t n, program;

		state = state * 6364136223846793005u + 1442695040888963407u;
		n = (uint32_t)(state >> 33) % HAMMERED;
		program = (uint32_t)(state >> 20) % 3 + 1;
		to = dest(n);
		if (n % 2)
			ends(hammered, &to, OUTCOME_plain, false);
		else if (i % 5)
			answers(hammered, &to);
		else
			memory_failed(hammered, &to);
		memory_habit(hammered, &to, program, (enum habit)program);
		memory_ask(hammered, &to, program, &rule, &v);
		if ((n % 2 && v.answered) ||
		    (v.habit != HABIT_UNKNOWN && v.habit != (enum habit)program))
			atomic_fetch_add(&lies, 1);
	}
	return NULL;
}

static void hammer_in_threads(uintptr_t seed)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, hammer,
						(void *)(seed * THREADS + i + 1)),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

START_TEST(memory_is_hammered)
{
	int status;

	hammered = new_memory();
	for (uintptr_t i = 1; i < PROCESSES; i++) {
		if (fork())
			continue;
		hammer_in_threads(i);
		_exit(lies != 0);
	}
	hammer_in_threads(0);
	ck_assert_uint_eq(lies, 0);
	for (int i = 1; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, memory_is_ours);
	tcase_add_test(c, memory_proves);
	tcase_add_test(c, memory_keeps_habits);
	tcase_add_test(c, memory_ages);
	tcase_add_test(c, memory_counts);
	tcase_add_test(c, memory_takes_over);
	tcase_add_test(c, memory_keeps_the_young);
	tcase_add_test(c, memory_pauses);
	tcase_add_test(c, memory_strikes_without_data);
	tcase_add_test(c, memory_stays_forgotten);
	tcase_add_test(c, memory_inherits_nothing_half);
	tcase_add_test(c, memory_keeps_the_paused);
	tcase_add_test(c, memory_pauses_all);
	tcase_add_test(c, memory_knows_its_own_host);
	tcase_add_test(c, memory_measures);
	tcase_add_test(c, memory_is_not_fooled_by_load);
	tcase_add_test(c, memory_slower_ends);
	tcase_add_test(c, memory_compares_what_chance_chose);
	tcase_add_test(c, memory_shows_no_other_address);
	tcase_add_test(c, memory_declines);
	tcase_add_test(c, memory_forgets_habits);
	tcase_add_test(c, memory_survives_garbage);
	tcase_add_test(c, memory_is_hammered);
}

int main(void)
{
	return unit_run("memory", all);
}
