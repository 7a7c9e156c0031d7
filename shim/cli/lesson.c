/* SPDX-License-Identifier: MIT */
/* lesson: what a probe sees, told to the memory of destinations; see lesson.h. */
#include "cli/lesson.h"

/* What it would be in a program: a first contact, or one to compare with. */
static enum reason reason_of(enum attempt_kind kind)
{
	switch (kind) {
	case ATTEMPT_PLAIN:
		return REASON_baseline;
	case ATTEMPT_EMPTY:
		return REASON_first_contact;
	case ATTEMPT_FAST:
		break;
	}
	return REASON_none;
}

static void teach_connection(struct memory *m, const struct addr *to,
			     const struct attempt *a)
{
	const struct memory_end end = {
		.outcome = a->outcome,
		.reason = reason_of(a->kind),
		.had_data = a->rode > 0,
		.syn_again = a->syn_again,
		.answered = a->first_byte_us > 0,
		.cut = a->end == ATTEMPT_FAILED,
		.rtt_us = a->facts.rtt_us,
		.first_byte_us = a->first_byte_us,
		.begun_cs = a->begun_cs,
	};

	memory_end(m, to, &end);
}

/* With data in the SYN none is made before plain ones, or empty SYNs, came through. */
void lesson_teach(struct memory *m, const struct addr *to, const struct attempt *a)
{
	if (a->end == ATTEMPT_STOPPED)
		return;
	if (a->handshake_us)
		teach_connection(m, to, a);
	else if (a->rode)
		memory_strike(m, to, STRIKE_LOST, a->begun_cs);
	else if (a->kind == ATTEMPT_PLAIN)
		memory_failed(m, to);
}
