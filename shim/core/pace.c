/* SPDX-License-Identifier: MIT */
/* pace: how soon a destination's first byte came back; see pace.h. */
#include "core/pace.h"

#include <stddef.h>

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

#define RECENT 4		    /* pairs that may still be made whole */
#define CLOSE 1u		    /* of since: it is not over */
#define PATIENCE (8 * PACE_SAMPLES) /* with Fast Open, before the next one */

/*
 * Five bits of exponent, eleven of fraction: half a thousandth exact, in order.  0 is
 * none: who was killed before he wrote what he has counted leaves that.
 */
#define FRACTION 11

static uint16_t shorten(uint32_t us)
{
	uint32_t exponent = 0;

	if (!us)
		us = 1;
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

static void put(struct pace_times *t, uint32_t n, uint32_t us)
{
	STORE(t->at[n % PACE_SAMPLES], shorten(us));
	if (n == UINT32_MAX) /* full it was, full it stays */
		atomic_store_explicit(&t->n, PACE_SAMPLES, memory_order_relaxed);
}

static void add(struct pace_times *t, uint32_t us)
{
	put(t, atomic_fetch_add_explicit(&t->n, 1, memory_order_relaxed), us);
}

void pace_add_plain(struct pace *p, uint32_t us)
{
	uint32_t n = atomic_fetch_add_explicit(&p->pairs.n, 1, memory_order_relaxed);

	add(&p->plain, us);
	STORE(p->pairs.fast[n % PACE_PAIRS], 0);
	STORE(p->pairs.plain[n % PACE_PAIRS], shorten(us));
}

/* The newest pair that is not whole, of the last few. */
static void pair(struct pace_pairs *p, uint32_t us)
{
	uint32_t n = LOAD(p->n);

	for (uint32_t i = 1; i <= RECENT && i <= n; i++) {
		uint16_t none = 0;

		if (atomic_compare_exchange_strong(&p->fast[(n - i) % PACE_PAIRS],
						   &none, shorten(us)))
			return;
	}
}

void pace_add_fast(struct pace *p, uint32_t us)
{
	uint32_t n = LOAD(p->fast.n);

	pair(&p->pairs, us);
	if (!pace_is_sure(p))
		add(&p->fast, us);
	/* who is not the one to count it lets it be: there will be others */
	else if (n < PACE_SAMPLES && n <= LOAD(p->plain.n) &&
		 atomic_compare_exchange_strong(&p->fast.n, &n, n + 1))
		put(&p->fast, n, us);
}

static void restart(struct pace *p, uint32_t since)
{
	STORE(p->since, since);
	STORE(p->fast.n, 0);
	STORE(p->plain.n, 0);
	for (int i = 0; i < PACE_SAMPLES; i++) {
		STORE(p->fast.at[i], 0);
		STORE(p->plain.at[i], 0);
	}
}

void pace_clear(struct pace *p)
{
	STORE(p->turns, 0);
	STORE(p->pairs.n, 0);
	for (int i = 0; i < PACE_PAIRS; i++) {
		STORE(p->pairs.plain[i], 0);
		STORE(p->pairs.fast[i], 0);
	}
	restart(p, 0);
}

void pace_look_closely(struct pace *p, uint64_t now_cs)
{
	restart(p, (uint32_t)now_cs | CLOSE);
}

bool pace_is_sure(const struct pace *p)
{
	return LOAD(p->since) & CLOSE;
}

bool pace_is_for(const struct pace *p, uint64_t begun_cs, uint64_t now_cs)
{
	uint32_t since = LOAD(p->since);

	/* in the future: the clock was set back */
	return !since || (int32_t)((uint32_t)begun_cs - since) >= 0 ||
	       (int32_t)((uint32_t)now_cs - since) < -2;
}

/* In order; how many. */
static size_t sorted(const struct pace_times *t, uint16_t ret[PACE_SAMPLES])
{
	size_t all = LOAD(t->n) < PACE_SAMPLES ? LOAD(t->n) : PACE_SAMPLES, n = 0;

	for (size_t i = 0; i < all; i++) {
		uint16_t v = LOAD(t->at[i]);
		size_t k = n;

		if (!v)
			continue;
		n++;
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

void pace_sets_of(const struct pace *p, struct pace_sets *ret)
{
	*ret = (struct pace_sets){ 0 };
	for (int i = 0; i < PACE_PAIRS; i++) {
		uint16_t plain = LOAD(p->pairs.plain[i]), fast = LOAD(p->pairs.fast[i]);

		if (plain)
			ret->plain_us[ret->plain++] = lengthen(plain);
		if (plain && fast)
			ret->fast_us[ret->fast++] = lengthen(fast);
	}
}

/* Who makes the next connection has seen nothing in it: it is over. */
static void end_close_look(struct pace *p)
{
	uint32_t since = LOAD(p->since);

	if (since & CLOSE && LOAD(p->fast.n) >= PACE_SAMPLES &&
	    LOAD(p->plain.n) >= PACE_SAMPLES)
		atomic_compare_exchange_strong(&p->since, &since, since + CLOSE);
}

bool pace_is_baseline(struct pace *p, uint32_t one_in)
{
	uint32_t turn, block;

	if (!one_in)
		return false;
	end_close_look(p);
	if (one_in > PACE_WARM && LOAD(p->plain.n) < PACE_SAMPLES)
		one_in = pace_is_sure(p) ? 2 : PACE_WARM;
	turn = atomic_fetch_add_explicit(&p->turns, 1, memory_order_relaxed);
	block = turn / one_in;
	/* once in each block, but not in step with what the program does in turns */
	return turn >= PACE_WARM &&
	       turn % one_in == (block * 0x9e3779b1u >> 7) % one_in;
}

bool pace_is_slower(const struct pace *p, uint32_t thousandths)
{
	uint16_t fast[PACE_SAMPLES], plain[PACE_SAMPLES];
	uint32_t least = pace_is_sure(p) ? PACE_SAMPLES : PATIENCE;

	/* once for each set: many looks would find a lucky one some day */
	if (LOAD(p->fast.n) % PACE_SAMPLES || LOAD(p->fast.n) < least ||
	    sorted(&p->fast, fast) < PACE_SAMPLES ||
	    sorted(&p->plain, plain) < PACE_SAMPLES)
		return false;
	return lengthen(fast[1]) * 1000ull >
	       lengthen(plain[PACE_SAMPLES - 2]) * (uint64_t)thousandths;
}
