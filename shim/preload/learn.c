/* SPDX-License-Identifier: MIT */
/* learn: what this program knows and adds to what all know; see learn.h. */
#include "preload/learn.h"

#include <errno.h>

#include "core/clock.h"
#include "preload/names.h"
#include "preload/state.h"
#include "preload/tally.h"

#define ANSWERED_S 600
#define OVERDUE_US 50000

static bool ready(void *at)
{
	return memory_ready(at);
}

static struct state_file file = {
	.name = MEMORY_FILE,
	.bytes = sizeof(struct memory),
	.ready = ready,
};

static struct memory *memory_now(void)
{
	return state_of(&file);
}

void learn_ask(const struct addr *to, const struct memory_rule *rule,
	       struct memory_view *ret)
{
	struct memory *m = memory_now();

	*ret = (struct memory_view){ .habit = HABIT_UNKNOWN };
	if (m)
		memory_ask(m, to, tally_program(), rule, ret);
}

enum reason learn_gate(const struct addr *to, const struct memory_view *seen)
{
	bool is_open = seen->pause == REASON_none && !seen->slower_now;
	struct memory *m = is_open ? NULL : memory_now();

	return m ? memory_gate(m, to, seen) : REASON_none;
}

bool learn_is_baseline(const struct addr *to, uint32_t one_in)
{
	struct memory *m = one_in ? memory_now() : NULL;

	return m && memory_is_baseline(m, to, one_in);
}

bool learn_answered(const struct addr *to)
{
	struct memory *m = memory_now();

	return m && memory_answered(m, to, ANSWERED_S);
}

void learn_failed(const struct addr *to)
{
	struct memory *m = memory_now();

	if (m)
		memory_failed(m, to);
}

static uint64_t begun_cs(const struct slot *s)
{
	return clock_today_cs() - slot_age_us(s, clock_now_us()) / 10000;
}

static void strike(struct slot *s, enum strike_kind kind)
{
	struct memory *m = memory_now();

	if (m)
		memory_strike(m, &s->to, kind, begun_cs(s));
}

bool learn_is_failure(int e)
{
	return e == ECONNREFUSED || e == ECONNRESET || e == ETIMEDOUT ||
	       e == EHOSTUNREACH || e == ENETUNREACH;
}

void learn_strike(int fd, struct slot *s)
{
	slot_flag_all(fd, SLOT_LOST);
	slot_flag(s, SLOT_LOST); /* one that lingers has no descriptor's slot */
	strike(s, STRIKE_DATA);
}

/* What is known of it before the kernel is asked. */
static struct memory_end begin(struct slot *s)
{
	return (struct memory_end){
		.reason = (enum reason)s->reason,
		.had_data = slot_has(s, SLOT_SYN_DATA),
		.compared = slot_has(s, SLOT_COMPARED),
		.begun_cs = begun_cs(s),
	};
}

/* It asked for Fast Open, and nothing has come back for longer than ever before. */
static bool is_overdue(const struct tcp_facts *f, uint32_t age_us, uint32_t rtt_us)
{
	return f->retransmits || (rtt_us && age_us > 3 * rtt_us + OVERDUE_US);
}

void learn_given_up(int fd, struct slot *s)
{
	struct memory *m = memory_now();
	struct memory_end end = begin(s);
	struct tcp_facts f;

	if (!m || outcome_facts(fd, &f) || !f.handshaking || f.nothing_sent)
		return;
	end.first_byte_us = slot_age_us(s, clock_now_us());
	if (!is_overdue(&f, end.first_byte_us, memory_rtt_us(m, &s->to)))
		return;
	memory_given_up(m, &s->to, &end);
	if (s->reason == REASON_baseline)
		return;
	learn_failed(&s->to);
	strike(s, slot_has(s, SLOT_SYN_DATA) ? STRIKE_DATA : STRIKE_OPTION);
}

void learn_silence_of(int fd, struct slot *s)
{
	struct tcp_facts f;

	if (slot_has(s, SLOT_SILENT) || outcome_facts(fd, &f) || !f.handshaking ||
	    !f.retransmits)
		return;
	slot_flag(s, SLOT_SILENT);
	learn_failed(&s->to);
}

void learn_silence(uint64_t now_us)
{
	static _Atomic uint64_t next_us;

	if (now_us < atomic_load_explicit(&next_us, memory_order_relaxed))
		return;
	atomic_store_explicit(&next_us, now_us + 500000, memory_order_relaxed);
	for (int fd = slot_next(0); fd >= 0; fd = slot_next(fd + 1)) {
		struct slot *s = slot_noted(fd);

		if (s && slot_state(fd) == SLOT_OPENING &&
		    slot_age_us(s, now_us) > LEARN_SILENCE_US && slot_of(fd))
			learn_silence_of(fd, s);
	}
}

static enum habit habit_of(struct slot *s, const struct tcp_facts *f)
{
	bool unseen_write = f->bytes_acked > 1; /* one is the SYN's */

	if (s->reason == REASON_payload)
		return HABIT_WROTE_LATE; /* now and then; always: no SYN waits for it */
	if (slot_has(s, SLOT_WROTE))
		return slot_has(s, SLOT_PROMPT)	    ? HABIT_WRITES_FIRST
		       : slot_has(s, SLOT_SYN_DATA) ? HABIT_WROTE_LATE
						    : HABIT_UNKNOWN;
	if (unseen_write)
		return HABIT_UNKNOWN;
	return f->bytes_received ? HABIT_READS_FIRST : HABIT_KNOCKS;
}

void learn_declined(const struct addr *to, enum reason why)
{
	struct memory *m = why == REASON_local ? NULL : memory_now();

	if (m)
		memory_declined(m, to, why);
	tally_declined(to, why);
}

static void learn_habit(struct memory *m, struct slot *s, const struct tcp_facts *f)
{
	enum habit h = habit_of(s, f);

	/* another process may yet do, or have done, what this one did not */
	if (slot_has(s, SLOT_FORKED) && h != HABIT_WRITES_FIRST)
		return;
	if (f->bytes_received || !slot_has(s, SLOT_WROTE))
		memory_habit(m, &s->to, tally_program(), h);
}

/* Data that was sent again says nothing of the SYN. */
static bool syn_again(struct slot *s, const struct tcp_facts *f)
{
	return slot_has(s, SLOT_SILENT) || (f->retransmits && !f->bytes_again);
}

static void record(struct memory *m, struct slot *s, const struct tcp_facts *f,
		   bool first_byte)
{
	uint64_t now = clock_now_us();
	struct memory_end end = begin(s);
	char host[NAMES_BYTES];

	end.outcome = outcome_of(f, slot_has(s, SLOT_COOKIE_SYN), end.had_data);
	end.syn_again = syn_again(s, f);
	end.answered = f->bytes_received > 0;
	end.cut = f->closed && !f->bytes_received;
	end.rtt_us = f->rtt_us;
	if (names_find(&s->to, host))
		end.name = host;
	/* the kernel still tells of the SYN that is forgotten */
	if (slot_has(s, SLOT_LOST))
		end.outcome = OUTCOME_syn_retransmitted;
	/* of those who wait for an answer to what they wrote */
	if (first_byte && slot_has(s, SLOT_WROTE))
		end.first_byte_us = slot_age_us(s, now);
	memory_end(m, &s->to, &end);
	if (s->reason != REASON_baseline && !end.cut)
		learn_habit(m, s, f);
	tally_connection(s, &end, f);
}

static void connection(int fd, struct slot *s, bool first_byte)
{
	struct memory *m = memory_now();
	struct tcp_facts f;

	if (!m || slot_has(s, SLOT_COPY) || outcome_facts(fd, &f) || f.handshaking)
		return;
	if (f.closed && !f.bytes_received && !f.bytes_acked) /* it never was one */
		memory_failed(m, &s->to);
	else
		record(m, s, &f, first_byte);
}

void learn_first_byte(int fd, struct slot *s)
{
	connection(fd, s, true);
}

void learn_connection(int fd, struct slot *s)
{
	connection(fd, s, false);
}

static void lost(int fd, struct slot *s, int r)
{
	struct tcp_facts f;
	bool is_known = !outcome_facts(fd, &f);

	learn_failed(&s->to);
	if (is_known && f.closed && slot_twin(fd) < 0)
		learn_connection(fd, s);
	/*
	 * Nobody there is one thing; data in the SYN that was never heard of is
	 * another; and a reset by a server that has it may well be the server's own.
	 */
	if (r != -ECONNREFUSED && slot_has(s, SLOT_SYN_DATA))
		strike(s, r == -ECONNRESET && is_known &&
					  (f.syn_data_acked || f.bytes_acked > 1)
				  ? STRIKE_DATA
				  : STRIKE_LOST);
}

void learn_ended(int fd, struct slot *s, int r)
{
	if (learn_is_failure(-r))
		lost(fd, s, r);
	slot_set(fd, SLOT_PLAIN);
}
