/* SPDX-License-Identifier: MIT */
/*
 * pace: how soon a destination's first byte came back, with Fast Open and without: the
 * last few of each, so that it is measured, not believed, that Fast Open is faster.
 * Memory that many processes share; any content is taken.  async-signal-safe.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PACE_SAMPLES 8
#define PACE_PAIRS 16

struct pace_times {
	_Atomic uint32_t n; /* ever counted; the last PACE_SAMPLES are there */
	_Atomic uint16_t at[PACE_SAMPLES];
};

/*
 * Those that went plainly, each with the one of the others that came next: of the same
 * hour, so that a server's bad days fall on both alike.
 */
struct pace_pairs {
	_Atomic uint32_t n; /* ever begun; the last PACE_PAIRS are there */
	_Atomic uint16_t plain[PACE_PAIRS], fast[PACE_PAIRS]; /* 0: none yet */
};

struct pace {
	struct pace_times fast, plain;
	struct pace_pairs pairs;
	_Atomic uint32_t turns; /* connections asked about */
	_Atomic uint32_t since; /* looked at closely since then, in cs; 0: not */
};

/* Microseconds from connect() to the first byte, without Fast Open ... */
void pace_add_plain(struct pace *p, uint32_t us);
/* ... and with it. */
void pace_add_fast(struct pace *p, uint32_t us);
/* For those who compare: how many of each are there, in no order. */
struct pace_sets {
	unsigned int fast, plain;
	uint32_t fast_us[PACE_PAIRS], plain_us[PACE_PAIRS];
};
void pace_sets_of(const struct pace *p, struct pace_sets *ret);
/* Start again. */
void pace_clear(struct pace *p);
/*
 * ... and look closely: the next connections go with and without Fast Open by turns,
 * and one of each is kept in turn, until there are enough.
 */
void pace_look_closely(struct pace *p, uint64_t now_cs);
/* Does a connection count that was begun then? */
bool pace_is_for(const struct pace *p, uint64_t begun_cs, uint64_t now_cs);
/* Of those that are there; 0: none. */
uint32_t pace_median_us(const struct pace_times *t);
/*
 * Shall this connection go plainly, to be compared with?  One in so many, after the
 * first PACE_WARM; while samples are missing, one in PACE_WARM at least, and in a close
 * look one in two.  0: none.
 */
#define PACE_WARM 16
bool pace_is_baseline(struct pace *p, uint32_t one_in);
/*
 * Is nearly every connection with Fast Open so many thousandths slower than nearly
 * every one without?  Quartiles, so that neither a few slow answers nor noise decide
 * it.
 */
bool pace_is_slower(const struct pace *p, uint32_t thousandths);
/*
 * Is this a close look, so that both kinds are of the same moments?  Else a server that
 * stumbled was slow with Fast Open only because hardly anybody came without.
 */
bool pace_is_sure(const struct pace *p);

#endif
