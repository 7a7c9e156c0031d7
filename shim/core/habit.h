/* SPDX-License-Identifier: MIT */
/*
 * habit: who speaks first, of a program at a destination: a part of core/memory, with a
 * table of its own.  async-signal-safe.
 */
#ifndef CORE_HABIT_H
#define CORE_HABIT_H

#include <stdbool.h>

#include "core/rows.h"

enum habit {
	HABIT_UNKNOWN,
	HABIT_WRITES_FIRST,
	HABIT_READS_FIRST,
	HABIT_KNOCKS,
	HABIT_WROTE_LATE, /* it writes first, but the last time not at once */
};

#define HABIT_ROWS 4088

struct habit_row {
	struct rows_head head;	/* seen: when it was noted */
	_Atomic uint32_t habit; /* enum habit, xor low half of key */
	_Atomic uint32_t of;	/* low half of the destination's key */
};

struct habits {
	struct habit_row row[HABIT_ROWS];
};

/* However old; ret_s: since when (CLOCK_REALTIME), 0: it is not known. */
enum habit habit_noted(const struct habits *t, uint64_t key, uint32_t *ret_s);
/* HABIT_WROTE_LATE is believed once (a busy machine); twice in a row is UNKNOWN. */
void habit_note(struct habits *t, uint64_t key, uint32_t of, enum habit h);
/* All programs' at that destination; false: there was none. */
bool habit_forget(struct habits *t, uint32_t of);
void habit_forget_all(struct habits *t);

#endif
