/* SPDX-License-Identifier: MIT */
/*
 * strike: SYNs that Fast Open has lost, and the pauses that follow.  Linux sends such a
 * SYN again without Fast Open, and remembers nothing: on a path that drops them every
 * connection pays a second, for ever.  Here it pays that as often as the policy says
 * (`strikes`); then it is paused, each time twice as long, up to a day, until one trial
 * connection has succeeded.
 *
 * Only facts are kept: how many strikes since the last success, and when.  What follows
 * from them is worked out by whoever asks, by his own policy.  The words lie in memory
 * that many processes share: each is changed by compare-and-swap, and carries a tag, so
 * that a word of somebody else's is none.  Any content is taken, none is believed for
 * longer than a pause can last.  async-signal-safe; times are clock_today_cs().
 */
#ifndef CORE_STRIKE_H
#define CORE_STRIKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct strikes {
	_Atomic uint64_t word;	/* how many, which kind, and when the last one was */
	_Atomic uint64_t trial; /* when a connection set out to try */
	_Atomic uint64_t luck;	/* successes, and the single strikes between them */
};

/* What the SYN was that met it: a success clears the kinds that asked for less. */
enum strike_kind {
	STRIKE_OPTION, /* it had a cookie, or asked for one */
	STRIKE_DATA,   /* ... and data */
	STRIKE_LOST,   /* ... and the connection was lost with it: a pause at once */
};

struct strike_rule {
	uint32_t strikes;  /* so many without a success between */
	uint64_t pause_cs; /* the first pause, in hundredths of a second */
};

struct strike_view {
	enum { STRIKE_NONE, STRIKE_DUE, STRIKE_PAUSED } state; /* DUE: one may try */
	enum strike_kind kind;
	uint32_t count;
	uint64_t last_cs, until_cs;
};

#define STRIKE_DAY_CS (86400ull * 100)
#define STRIKE_TRIAL_CS 1000 /* a trial that has not reported by then is over */

/*
 * A run of strikes where single ones have come and gone before may be bad luck: where
 * that is likely, one more is needed.
 */
void strike_look(const struct strikes *s, uint32_t tag, const struct strike_rule *rule,
		 uint64_t now_cs, struct strike_view *ret);
/* The trial that strike_look() said is due; false: another one was faster. */
bool strike_try(struct strikes *s, uint32_t tag, const struct strike_view *seen,
		uint64_t now_cs);
/*
 * A connection that was begun before the last strike was known does not count: many at
 * once are one event.  false: it did not count.
 */
bool strike_add(struct strikes *s, uint32_t tag, enum strike_kind kind,
		uint64_t begun_cs, uint64_t now_cs);
void strike_success(struct strikes *s, uint32_t tag, bool had_data);
/* No strikes, no trial, no luck. */
void strike_clear(struct strikes *s);

/*
 * Our own side of all paths: three destinations struck within five minutes, with no
 * success anywhere since the first of them, are one strike of `all` (tag
 * STRIKE_SIDE_TAG), which is a pause; from then on each strike is one more, until there
 * is a success.
 */
#define STRIKE_SIDE_TAG 0

struct strike_side {
	struct strikes all;
	_Atomic uint64_t struck[3];	/* the last three destinations ... */
	_Atomic uint64_t success_cs[2]; /* ... and successes: of any kind, with data */
};

void strike_side_add(struct strike_side *s, uint64_t destination, enum strike_kind kind,
		     uint64_t begun_cs, uint64_t now_cs);
void strike_side_success(struct strike_side *s, bool had_data, uint64_t now_cs);
void strike_side_clear(struct strike_side *s);

#endif
