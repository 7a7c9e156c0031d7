/* SPDX-License-Identifier: MIT */
/*
 * fuzz_memory: the shared file holds the input over and over; then it is used.  Nothing
 * crashes, and what was just learned is known.
 */
#include <string.h>

#include "core/clock.h"
#include "core/memory_view.h"
#include "fuzz.h"

static const struct memory_rule believing = { UINT32_MAX, { 2, 60000 }, 1200 };
static const struct memory_rule rule = { 600, { 2, 60000 }, 1200 };

static struct memory m; /* a global has a red zone */

static void fill(const uint8_t *bytes, size_t n)
{
	uint8_t *at = (uint8_t *)&m;
	size_t have = n < sizeof(m) ? n : sizeof(m);

	memset(at, 0, sizeof(m));
	if (!n)
		return;
	memcpy(at, bytes, have);
	while (have < sizeof(m)) {
		size_t more = sizeof(m) - have < have ? sizeof(m) - have : have;

		memcpy(at + have, at, more);
		have += more;
	}
}

static void records(const struct addr *to, uint8_t how)
{
	const struct memory_end e = {
		.outcome = (enum outcome)((how >> 1) % OUTCOMES),
		.reason = (enum reason)((how >> 2) % REASONS),
		.had_data = how & 64,
		.syn_again = how & 128,
		.answered = how & 2,
		.rtt_us = how * 1000u,
		.first_byte_us = how * 2000u,
		.begun_cs = clock_today_cs(),
		.compared = how & 32,
		.name = how & 16 ? "a.name" : NULL,
	};

	memory_end(&m, to, &e);
	memory_given_up(&m, to, &e);
	if (e.answered)
		MUST(memory_answered(&m, to, 600));
}

static void use(const struct addr *to, uint8_t how)
{
	enum habit habit = (enum habit)(how >> 3) % (HABIT_WROTE_LATE + 1);
	struct memory_facts facts;
	struct memory_view v;

	memory_ask(&m, to, how, &believing, &v);
	MUST(v.habit >= HABIT_UNKNOWN && v.habit <= HABIT_WROTE_LATE);
	MUST(v.pause == REASON_none || v.pause == REASON_paused ||
	     v.pause == REASON_slower);
	memory_gate(&m, to, &v);
	memory_is_baseline(&m, to, how);
	memory_view_look(&m, to, how, &facts);
	memory_habit(&m, to, how, habit);
	records(to, how);
	if (how & 1)
		memory_strike(&m, to, (enum strike_kind)(how % 3), clock_today_cs());
	if (how & 4) {
		memory_failed(&m, to);
		memory_ask(&m, to, how, &rule, &v);
		MUST(!v.answered);
	}
	if (how & 8)
		memory_forget(&m, to);
	if (how == 255)
		memory_forget_all(&m);
}

/* What is listed is found again by its address, and no other row is. */
static void list(void)
{
	struct memory_facts facts;
	struct addr to;

	for (unsigned int i = 0; i < MEMORY_DESTINATIONS; i++) {
		if (!memory_view_row(&m, i, &to))
			continue;
		MUST(to.version == 4 || to.version == 6);
		memory_view_look(&m, &to, 0, &facts);
		MUST(facts.sets.fast <= facts.sets.plain);
		MUST(facts.sets.plain <= PACE_PAIRS);
		MUST(memchr(facts.name, 0, sizeof(facts.name)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fill(bytes, n);
	if (!memory_ready(&m))
		atomic_store(&m.magic, 0);
	MUST(memory_ready(&m));
	for (size_t i = 0; i < n && i < 64; i++) {
		struct addr to = { .ip = { 10, 0, 0, bytes[i] & 7 },
				   .port = bytes[n - 1 - i] & 3,
				   .version = 4 };

		use(&to, bytes[i]);
	}
	list();
	return 0;
}
