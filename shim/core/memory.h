/* SPDX-License-Identifier: MIT */
/*
 * memory: what we know of destinations, in one table that all processes of a user map.
 * Two kinds of row: a destination (address and port: when it last answered, how its
 * connections ended) and a habit (destination and program: who speaks first there).
 *
 * Lock-free, bounded, and safe against any content: a row is claimed by
 * compare-and-swap of its key's hash, and every word that is believed carries the low
 * half of that hash, so a row taken over by another destination never lends it its
 * past.  No index or length is read from the file.  async-signal-safe.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/outcome.h"

enum habit {
	HABIT_UNKNOWN,
	HABIT_WRITES_FIRST,
	HABIT_READS_FIRST,
	HABIT_KNOCKS,
	HABIT_BURNT,	  /* data in its SYN was lost with the connection */
	HABIT_WROTE_LATE, /* it writes first, but the last time not at once */
};

#define MEMORY_ROWS 4092
#define MEMORY_FILE "destinations.1" /* the layout's version is part of the name */

struct memory_row {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint64_t
		last; /* seconds << 32 | low half of key: answered, or habit's day */
	_Atomic uint32_t habit; /* enum habit, xor low half of key */
	_Atomic uint32_t count[OUTCOMES];
	_Atomic uint8_t ip[16]; /* where: for display, never believed */
	_Atomic uint16_t port;
	_Atomic uint8_t version;
	uint8_t spare;
};

struct memory {
	_Atomic uint64_t magic;
	uint8_t spare[248];
	struct memory_row row[MEMORY_ROWS];
};

struct memory_view {
	bool answered;	  /* within proven_for */
	enum habit habit; /* of this program there, within proven_for */
};

/* For those who display it. */
struct memory_facts {
	uint32_t answered_s; /* CLOCK_REALTIME; 0: never, or it failed since */
	uint32_t count[OUTCOMES];
	enum habit habit; /* of the program, however old */
	uint32_t habit_s;
};

/* By which a program is known here: n bytes of the path of its file. */
uint32_t memory_program(const char *path, size_t n);
/* false: the file holds something else. */
bool memory_ready(struct memory *m);
void memory_ask(struct memory *m, const struct addr *to, uint32_t program,
		uint32_t proven_for_s, struct memory_view *ret);
/* false: neither the destination nor the habit is known. */
bool memory_look(struct memory *m, const struct addr *to, uint32_t program,
		 struct memory_facts *ret);
/* It answered: proven, for everybody. */
void memory_answered(struct memory *m, const struct addr *to);
/* Refused, reset or timed out: no longer proven, for everybody. */
void memory_failed(struct memory *m, const struct addr *to);
/*
 * HABIT_BURNT stays for ten minutes, whatever comes.  HABIT_WROTE_LATE is believed once
 * (a busy machine); twice in a row is UNKNOWN.
 */
void memory_habit(struct memory *m, const struct addr *to, uint32_t program,
		  enum habit h);
void memory_count(struct memory *m, const struct addr *to, enum outcome o);

#endif
