/* SPDX-License-Identifier: MIT */
/* pace: how soon a destination's first byte came back; see pace.h. */
#include "core/pace.h"

#include <stddef.h>

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

/* Five bits of exponent, eleven of fraction: half a thousandth exact, in order. */
#define FRACTION 11

static uint16_t shorten(uint32_t us)
{
	uint32_t exponent = 0;

	while (us >> exponent >= 1u << (FRACTION + 1))
		exponent++;
	return (uint16_t)(us >> exponent >= 1u << FRACTION
				  ? (exponent + 1) << FRACTION |
					    (us >> exponent & ((1u << FRACTION) - 1))
				  : us);
}

static uint32_t lengthen(uint16_t v)
{
	uint32_t exponent = v >> FRACTION, fraction = v & ((1u << FRACTION) - 1);

	return exponent ? (fraction | 1u << FRACTION) << (exponent - 1) : fraction;
}

void pace_add(struct pace_times *t, uint32_t us)
{
	uint32_t n = atomic_fetch_add_explicit(&t->n, 1, memory_order_relaxed);

	atomic_store_explicit(&t->at[n % PACE_SAMPLES], shorten(us),
			      memory_order_relaxed);
	if (n == UINT32_MAX) /* full it was, full it stays */
		atomic_store_explicit(&t->n, PACE_SAMPLES, memory_order_relaxed);
}

void pace_clear(struct pace_times *t)
{
	atomic_store_explicit(&t->n, 0, memory_order_relaxed);
}

/* In order; how many. */
static size_t sorted(const struct pace_times *t, uint16_t ret[PACE_SAMPLES])
{
	size_t n = LOAD(t->n) < PACE_SAMPLES ? LOAD(t->n) : PACE_SAMPLES;

	for (size_t i = 0; i < n; i++) {
		uint16_t v = LOAD(t->at[i]);
		size_t k = i;

		for (; k > 0 && ret[k - 1] > v; k--)
			ret[k] = ret[k - 1];
		ret[k] = v;
	}
	return n;
}

uint32_t pace_median_us(const struct pace_times *t)
{
	uint16_t v[PACE_SAMPLES];
	size_t n = sorted(t, v);

	return n ? lengthen(v[n / 2]) : 0;
}

bool pace_is_baseline(struct pace *p, uint32_t one_in)
{
	uint32_t turn, block;

	if (!one_in)
		return false;
	if (one_in > PACE_WARM && LOAD(p->plain.n) < PACE_SAMPLES)
		one_in = PACE_WARM;
	turn = atomic_fetch_add_explicit(&p->turns, 1, memory_order_relaxed);
	block = turn / one_in;
	/* once in each block, but not in step with what the program does in turns */
	return turn >= PACE_WARM &&
	       turn % one_in == (block * 0x9e3779b1u >> 7) % one_in;
}

bool pace_is_slower(const struct pace *p, uint32_t thousandths)
{
	uint16_t fast[PACE_SAMPLES], plain[PACE_SAMPLES];

	/* once for each set: many looks would find a lucky one some day */
	if (LOAD(p->fast.n) % PACE_SAMPLES || sorted(&p->fast, fast) < PACE_SAMPLES ||
	    sorted(&p->plain, plain) < PACE_SAMPLES)
		return false;
	return lengthen(fast[1]) * 1000ull >
	       lengthen(plain[PACE_SAMPLES - 2]) * (uint64_t)thousandths;
}
