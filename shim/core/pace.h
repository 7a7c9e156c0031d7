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

struct pace_times {
	_Atomic uint32_t n; /* ever counted; the last PACE_SAMPLES are there */
	_Atomic uint16_t at[PACE_SAMPLES];
};

struct pace {
	struct pace_times fast, plain;
	_Atomic uint32_t turns; /* connections asked about */
};

/* Microseconds from connect() to the first byte. */
void pace_add(struct pace_times *t, uint32_t us);
/* Start again. */
void pace_clear(struct pace_times *t);
/* Of those that are there; 0: none. */
uint32_t pace_median_us(const struct pace_times *t);
/*
 * Shall this connection go plainly, to be compared with?  One in so many, after the
 * first PACE_WARM; while samples are missing, one in PACE_WARM at least.  0: none.
 */
#define PACE_WARM 16
bool pace_is_baseline(struct pace *p, uint32_t one_in);
/*
 * Is nearly every connection with Fast Open so many thousandths slower than nearly
 * every one without?  Quartiles, so that neither a few slow answers nor noise decide
 * it.
 */
bool pace_is_slower(const struct pace *p, uint32_t thousandths);

#endif
