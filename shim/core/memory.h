/* SPDX-License-Identifier: MIT */
/*
 * memory: what we know of destinations, in one file that all processes of a user map.
 * Two tables: destinations (address and port: when it last answered, how its
 * connections ended, strikes and pauses, how soon it answers) and habits (destination
 * and program: who speaks first there).
 *
 * Lock-free, bounded, and safe against any content: a row is claimed by
 * compare-and-swap of its key's hash, and every word that is believed carries a part of
 * that hash, so a row taken over by another destination never lends it its past.  No
 * index or length is read from the file.  async-signal-safe.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/habit.h"
#include "core/outcome.h"
#include "core/pace.h"
#include "core/rows.h"
#include "core/strike.h"

#define MEMORY_FILE "destinations.3" /* the layout's version is part of the name */
#define MEMORY_DESTINATIONS 2048
#define MEMORY_REASONS 16 /* room for more of them */
#define MEMORY_NAME 60

struct memory_counts {
	_Atomic uint32_t outcome[OUTCOMES];
	_Atomic uint32_t reason[MEMORY_REASONS];
};

struct memory_row {
	_Alignas(64) struct rows_head head;
	_Atomic uint64_t answered; /* a stamp; 0 s: it failed since */
	struct strikes struck, slow;
	struct pace pace;
	struct memory_counts count;
	_Atomic uint32_t rtt_us;   /* smoothed, as TCP measures it */
	_Atomic uint64_t saved_us; /* round trips that were not made */
	_Atomic uint8_t ip[16];	   /* where: for display, never believed */
	_Atomic uint16_t port;
	_Atomic uint8_t version;
	_Atomic char name[MEMORY_NAME]; /* by which it was looked up, or empty */
	_Atomic uint32_t whose;		/* low half of the key whose past all this is */
};

struct memory {
	_Atomic uint64_t magic;
	struct strike_side side;
	_Alignas(64) struct habits habits;
	struct memory_row row[MEMORY_DESTINATIONS];
};

_Static_assert(sizeof(struct memory_row) == 384, "six cache lines");
_Static_assert((int)REASONS <= MEMORY_REASONS, "there is room for every reason");
_Static_assert(sizeof(struct memory) == 884672, "the layout of the file");

/* What the policy says about it. */
struct memory_rule {
	uint32_t proven_for_s;
	struct strike_rule strike;
	uint32_t slower; /* thousandths */
};

/* From the keys as core/rule holds them: durations in ms. */
static inline struct memory_rule memory_rule_of(int64_t proven_for_ms, int64_t strikes,
						int64_t pause_ms, int64_t slower)
{
	return (struct memory_rule){
		.proven_for_s = (uint32_t)(proven_for_ms / 1000),
		.strike = { (uint32_t)strikes, (uint64_t)pause_ms / 10 },
		.slower = (uint32_t)slower,
	};
}

struct memory_view {
	bool answered;	   /* within proven_for */
	enum habit habit;  /* of this program there, within proven_for */
	enum reason pause; /* REASON_none, _paused, _slower */
	bool is_due;	   /* ... which is over: a trial may go */
	bool of_all;	   /* ... of all destinations */
	bool slower_now;   /* so it seems: memory_gate() has it looked at, or pauses */
	uint64_t until_cs;
	struct strike_view strikes; /* that led to it, or may */
};

/* How a connection went, once for each. */
struct memory_end {
	enum outcome outcome;
	enum reason reason;
	bool had_data;	  /* its SYN */
	bool syn_again;	  /* it had to be sent again */
	bool answered;	  /* bytes came back */
	bool cut;	  /* none did, it was ended by an error: that proves nothing */
	bool compared;	  /* with those that go plainly: chance had decided that */
	const char *name; /* of the host, as it was looked up; NULL: it was not */
	uint32_t rtt_us;
	uint32_t first_byte_us; /* after connect(); 0: not known */
	uint64_t begun_cs;
};

/* By which a program is known here: n bytes of the path of its file. */
uint32_t memory_program(const char *path, size_t n);
/* Of a program at a destination; 0: of the destination itself. */
uint64_t memory_key(const struct addr *to, uint32_t program);
/* By the key of a destination; NULL: there is none, or it is not whole. */
struct memory_row *memory_row_of(const struct memory *m, uint64_t key);
/* false: the file holds something else. */
bool memory_ready(struct memory *m);
void memory_ask(const struct memory *m, const struct addr *to, uint32_t program,
		const struct memory_rule *rule, struct memory_view *ret);
/*
 * For a connection that is about to be made: what memory_ask() saw is acted on.  A
 * pause that is over has its trial taken, a new one is written down.  REASON_none: go.
 */
enum reason memory_gate(struct memory *m, const struct addr *to,
			const struct memory_view *seen);
/* One of those that go plainly, to be compared with?  See core/pace. */
bool memory_is_baseline(struct memory *m, const struct addr *to, uint32_t one_in);
bool memory_answered(const struct memory *m, const struct addr *to, uint32_t within_s);
/* Smoothed; 0: not known. */
uint32_t memory_rtt_us(const struct memory *m, const struct addr *to);
/* Refused, reset or timed out: no longer proven, for everybody. */
void memory_failed(struct memory *m, const struct addr *to);
/* A SYN was lost that Fast Open may be guilty of; of a connection begun then. */
void memory_strike(struct memory *m, const struct addr *to, enum strike_kind kind,
		   uint64_t begun_cs);
/* See core/habit. */
void memory_habit(struct memory *m, const struct addr *to, uint32_t program,
		  enum habit h);
/*
 * Nothing came back for so long, and the program gave it up: for those who compare it
 * took at least as long as that.
 */
void memory_given_up(struct memory *m, const struct addr *to,
		     const struct memory_end *end);
/* A connection's one record. */
void memory_end(struct memory *m, const struct addr *to, const struct memory_end *end);
/* ... of one that was never ours: no row is made for it. */
void memory_declined(struct memory *m, const struct addr *to, enum reason why);
/* Forgets a destination, with all programs' habits there; false: it was not known. */
bool memory_forget(struct memory *m, const struct addr *to);
void memory_forget_all(struct memory *m);

#endif
