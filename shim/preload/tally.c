/* SPDX-License-Identifier: MIT */
/* tally: one line for each connection; see tally.h. */
#include "preload/tally.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/self.h"
#include "core/sys.h"
#include "core/traffic.h"
#include "preload/state.h"

#define LOCALS 64

static bool ready(void *at)
{
	return traffic_ready(at);
}

static struct state_file file = {
	.name = TRAFFIC_FILE,
	.bytes = sizeof(struct traffic),
	.ready = ready,
};

uint32_t tally_program(void)
{
	static _Atomic uint32_t known;
	uint32_t id = atomic_load_explicit(&known, memory_order_relaxed);
	const char *path = self_path();

	if (id)
		return id;
	id = memory_program(path, text_len(path));
	if (*path)
		atomic_store_explicit(&known, id, memory_order_relaxed);
	return id;
}

static void log_connection(const struct traffic_event *e, const struct tcp_facts *f)
{
	TEXT(line, 256);

	if (!log_wants(LOG_INFO))
		return;
	text_str(&line, "dest=");
	addr_print(&line, &e->to);
	text_str(&line, " outcome=");
	text_str(&line, outcome_word((enum outcome)e->outcome));
	if (e->outcome != OUTCOME_data_acked && e->reason != REASON_none) {
		text_str(&line, " reason=");
		text_str(&line, outcome_reason((enum reason)e->reason));
	}
	if (f) {
		text_str(&line, " rtt_us=");
		text_num(&line, f->rtt_us);
		text_str(&line, " bytes_received=");
		text_num(&line, f->bytes_received);
	}
	log_event(LOG_INFO, "connection", &line);
}

/* Whom it is about and when is asked only where somebody watches. */
static void add(const struct traffic_event *e, uint32_t saved_us, uint32_t n)
{
	struct traffic *t = state_of(&file);
	struct traffic_event seen = *e;

	if (!t)
		return;
	if (e->to.port && traffic_is_watched(t)) {
		seen.pid = (uint32_t)sys1(SYS_getpid, 0);
		seen.at_us = clock_today_cs() * 10000;
	}
	traffic_add(t, tally_program(), &seen, saved_us, n);
}

static struct traffic_event begin(const struct addr *to, enum outcome o,
				  enum reason why)
{
	struct traffic_event e = {
		.to = *to,
		.outcome = (uint8_t)o,
		.reason = (uint8_t)why,
	};
	struct text name = { e.program, 0, sizeof(e.program) };

	text_str(&name, self_name());
	return e;
}

void tally_connection(struct slot *s, const struct memory_end *end,
		      const struct tcp_facts *f)
{
	struct traffic_event e = begin(&s->to, end->outcome, end->reason);
	bool saved = end->outcome == OUTCOME_data_acked && !end->syn_again;

	e.first_byte_us = end->first_byte_us;
	e.rtt_us = end->rtt_us;
	e.syn_bytes = end->had_data ? slot_syn_bytes(s) : 0;
	add(&e, saved ? end->rtt_us : 0, 1);
	log_connection(&e, f);
}

/* Within this host connections are quick and many: they are added up here first. */
static _Atomic uint32_t locals;

void tally_settle(void)
{
	const struct addr nobody = { .version = 4 };
	struct traffic_event e = begin(&nobody, OUTCOME_plain, REASON_local);
	uint32_t n = atomic_exchange(&locals, 0);

	if (n)
		add(&e, 0, n);
}

void tally_copied(void)
{
	atomic_store(&locals, 0);
}

void tally_declined(const struct addr *to, enum reason why)
{
	struct traffic_event e = begin(to, OUTCOME_plain, why);

	if (why == REASON_local && !log_wants(LOG_INFO)) {
		if ((atomic_fetch_add(&locals, 1) + 1) % LOCALS == 0)
			tally_settle();
		return;
	}
	add(&e, 0, 1);
	log_connection(&e, NULL);
}
