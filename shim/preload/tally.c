/* SPDX-License-Identifier: MIT */
/* tally: one line for each connection; see tally.h. */
#include "preload/tally.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/self.h"
#include "core/sys.h"
#include "core/guest.h"
#include "preload/names.h"
#include "preload/seat.h"
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

static struct traffic *mapped(void)
{
	return state_of(&file);
}

/* As the program looked it up; of one that is too long, the end. */
static __attribute__((noinline)) void put_name(struct traffic_event *e)
{
	struct text t = { e->name, 0, sizeof(e->name) };
	char name[NAMES_BYTES];
	size_t n;

	if (!names_find(&e->to, name))
		return;
	n = text_len(name);
	if (n >= sizeof(e->name))
		text_str(&t, "...");
	text_str(&t, n < sizeof(e->name) ? name : name + n + 4 - sizeof(e->name));
}

/* Not inlined: its room on the stack is for those who log. */
static __attribute__((noinline)) void log_connection(struct traffic_event *e,
						     const struct tcp_facts *f)
{
	struct log_entry entry;
	TEXT(to, 64);

	if (!log_start(&entry, LOG_INFO, "connection"))
		return;
	addr_print(&to, &e->to);
	log_text(&entry, "dest", to.at);
	put_name(e);
	if (e->name[0])
		log_text(&entry, "name", e->name);
	log_text(&entry, "outcome", outcome_word((enum outcome)e->outcome));
	if (e->outcome != OUTCOME_data_acked && e->reason != REASON_none)
		log_text(&entry, "reason", outcome_reason((enum reason)e->reason));
	if (e->syn_bytes)
		log_number(&entry, "syn_bytes", e->syn_bytes);
	if (e->first_byte_us)
		log_number(&entry, "first_byte_us", e->first_byte_us);
	if (f) {
		log_number(&entry, "rtt_us", f->rtt_us);
		log_number(&entry, "bytes_received", f->bytes_received);
	}
	log_end(&entry);
}

/* Whom it is about and when is asked only where somebody watches. */
static void add(struct traffic *t, const struct traffic_event *e, uint32_t saved_us,
		uint32_t n)
{
	struct traffic_guest *guest = seat_of(t, tally_program());
	struct traffic_event seen = *e;

	if (e->to.port && traffic_is_watched(t)) {
		seen.pid = (uint32_t)sys1(SYS_getpid, 0);
		seen.at_us = clock_today_cs() * 10000;
		put_name(&seen);
	}
	traffic_add(t, tally_program(), &seen, saved_us, n);
	if (guest)
		guest_count(guest, e, n, clock_today_s());
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

/* What it asked for it was given, if it was: who has one later shows that. */
static void count_cookie(struct traffic *t, struct slot *s,
			 const struct memory_end *end)
{
	uint32_t then_s = (uint32_t)(end->begun_cs / 100);

	if (slot_has(s, SLOT_COOKIE_SYN))
		traffic_cookie_used(t, &s->to, then_s);
	else if (end->outcome == OUTCOME_cookie_requested)
		traffic_cookie_asked(t, &s->to, then_s);
}

void tally_connection(struct slot *s, const struct memory_end *end,
		      const struct tcp_facts *f)
{
	struct traffic_event e = begin(&s->to, end->outcome, end->reason);
	bool saved = end->outcome == OUTCOME_data_acked && !end->syn_again;
	struct traffic *t = mapped();

	e.first_byte_us = end->first_byte_us;
	e.rtt_us = end->rtt_us;
	e.syn_bytes = end->had_data ? slot_syn_bytes(s) : 0;
	if (t) {
		add(t, &e, saved ? end->rtt_us : 0, 1);
		count_cookie(t, s, end);
	}
	if (log_wants(LOG_INFO))
		log_connection(&e, f);
}

/* Within this host connections are quick and many: they are added up here first. */
static _Atomic uint32_t locals;

void tally_settle(void)
{
	const struct addr nobody = { .version = 4 };
	struct traffic_event e = begin(&nobody, OUTCOME_plain, REASON_local);
	uint32_t n = atomic_exchange(&locals, 0);
	struct traffic *t = n ? mapped() : NULL;

	if (t)
		add(t, &e, 0, n);
}

void tally_copied(void)
{
	atomic_store(&locals, 0);
	seat_copied();
}

void tally_declined(const struct addr *to, enum reason why)
{
	struct traffic_event e = begin(to, OUTCOME_plain, why);
	struct traffic *t;

	if (why == REASON_local && !log_wants(LOG_INFO)) {
		if ((atomic_fetch_add(&locals, 1) + 1) % LOCALS == 0)
			tally_settle();
		return;
	}
	t = mapped();
	if (t)
		add(t, &e, 0, 1);
	if (log_wants(LOG_INFO))
		log_connection(&e, NULL);
}

static void tell_seat(void)
{
	struct traffic *t = mapped();
	struct traffic_guest *guest = t ? seat_of(t, tally_program()) : NULL;

	if (guest)
		seat_tell(guest);
}

void tally_listens(int more)
{
	seat_listens(more);
	tell_seat();
}

void tally_aside(enum traffic_aside why)
{
	if (seat_is_aside() == why)
		return;
	seat_aside(why);
	tell_seat();
}

void tally_close_errors(enum traffic_close kind, uint32_t n)
{
	struct traffic *t = mapped();

	if (t)
		traffic_close_error(t, kind, n);
}

void tally_end(void)
{
	struct traffic *t;

	if (seat_is_aside() == TRAFFIC_ASIDE_SECCOMP)
		return; /* nor may the kernel be asked whether the file is there */
	tally_settle();
	t = seat_is_taken() ? mapped() : NULL;
	if (t)
		seat_leave(t);
}
