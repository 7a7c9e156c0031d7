/* SPDX-License-Identifier: MIT */
/* core/pace: samples keep their order, baselines their share, noise decides nothing. */
#include <math.h>

#include "core/pace.h"
#include "unit.h"

START_TEST(samples_are_nearly_exact)
{
	for (int i = 0; i < 100000; i++) {
		uint32_t us = (uint32_t)unit_dice() >> unit_dice() % 31 | 1, got;
		struct pace p = { 0 };

		pace_add_plain(&p, us);
		got = pace_median_us(&p.plain);
		ck_assert(got <= us && us - got <= us / 2048);
	}
}
END_TEST

START_TEST(baselines_keep_their_share)
{
	struct pace p = { 0 };
	int n = 0, filled = -1;

	for (int i = 0; i < PACE_WARM; i++)
		ck_assert(!pace_is_baseline(&p, 64));
	for (int i = 0; i < 6400 - PACE_WARM; i++)
		if (pace_is_baseline(&p, 64)) {
			pace_add_plain(&p, 1000);
			if (++n == PACE_SAMPLES)
				filled = i;
		}
	ck_assert_int_ge(filled, 0);
	ck_assert_int_lt(filled, PACE_SAMPLES * PACE_WARM);
	ck_assert_int_ge(n, 100);
	ck_assert_int_le(n, 108);
	ck_assert(!pace_is_baseline(&p, 0));
	ck_assert(pace_is_baseline(&p, 1));
}
END_TEST

/* Times as a path has them: a floor, and a tail that is sometimes long. */
static uint32_t noisy(double us, double noise)
{
	double u = (double)(unit_dice() % 1000000 + 1) / 1000001;
	double v = (double)(unit_dice() % 1000000) / 1000000;

	return (uint32_t)(us * exp(noise * sqrt(-2 * log(u)) * cos(6.2831853 * v)));
}

/* What seems so is looked at closely first. */
static bool is_slower(struct pace *p, int i)
{
	if (!pace_is_slower(p, 1200))
		return false;
	if (pace_is_sure(p))
		return true;
	pace_look_closely(p, (uint64_t)i);
	return false;
}

/* How many of 200 runs of so many connections found it slower. */
static int found(int connections, double ratio, double noise)
{
	int n = 0;

	for (int run = 0; run < 200; run++) {
		struct pace p = { 0 };
		bool slower = false;

		for (int i = 0; i < connections && !slower; i++) {
			if (pace_is_baseline(&p, 64))
				pace_add_plain(&p, noisy(40000, noise));
			else
				pace_add_fast(&p, noisy(40000 * ratio, noise));
			slower = is_slower(&p, i);
		}
		n += slower;
	}
	return n;
}

START_TEST(noise_decides_nothing)
{
	ck_assert_int_eq(found(200, 1.5, 0.02), 200);
	ck_assert_int_ge(found(200, 1.5, 0.05), 190);
	ck_assert_int_eq(found(2000, 1.0, 0.05), 0);
	ck_assert_int_le(found(2000, 1.0, 0.2), 2);
	ck_assert_int_le(found(2000, 1.0, 0.3), 25);
	ck_assert_int_eq(found(2000, 0.5, 0.3), 0);
}
END_TEST

/* A server that stumbles now and then, for some connections in turn: many at once. */
START_TEST(a_stumble_is_no_path)
{
	for (int length = 1; length <= 1000; length = length * 3 / 2 + 1) {
		struct pace p = { 0 };
		int plain = 0;

		for (int i = 0; i < 20000; i++) {
			uint32_t us = i % (5 * length) < length ? 90000 : 40000;

			ck_assert_msg(!is_slower(&p, i), "%d in turn, after %d", length,
				      i);
			if (pace_is_baseline(&p, 64)) {
				pace_add_plain(&p, us);
				plain++;
			} else {
				pace_add_fast(&p, us);
			}
		}
		ck_assert_int_lt(plain, 20000 / 10);
	}
}
END_TEST

/* A path that has become slow is known as soon as one that always was. */
START_TEST(a_new_fault_is_found)
{
	struct pace p = { 0 };
	int n = 0;

	for (int i = 0; i < 5000; i++)
		if (pace_is_baseline(&p, 64))
			pace_add_plain(&p, 40000);
		else
			pace_add_fast(&p, 40000);
	for (; n < 1000 && !is_slower(&p, n); n++)
		if (pace_is_baseline(&p, 64))
			pace_add_plain(&p, 40000);
		else
			pace_add_fast(&p, 60000);
	ck_assert_int_lt(n, 100);
}
END_TEST

START_TEST(garbage_is_taken)
{
	for (int i = 0; i < 10000; i++) {
		struct pace p;
		struct pace_sets s;

		for (size_t k = 0; k < sizeof(p); k++)
			((uint8_t *)&p)[k] = (uint8_t)unit_dice();
		pace_is_slower(&p, (uint32_t)unit_dice());
		pace_is_baseline(&p, (uint32_t)unit_dice() % 1000);
		pace_add_plain(&p, (uint32_t)unit_dice());
		pace_add_fast(&p, (uint32_t)unit_dice());
		pace_median_us(&p.plain);
		pace_is_sure(&p);
		pace_sets_of(&p, &s);
		ck_assert_uint_le(s.fast, s.plain);
		ck_assert_uint_le(s.plain, PACE_PAIRS);
	}
}
END_TEST

START_TEST(a_close_look_is_of_now)
{
	const uint64_t t0 = (1ull << 32) - 100; /* it wraps there */
	struct pace p = { 0 };
	int plain = 0;

	ck_assert(pace_is_for(&p, 0, t0)); /* nobody looks closely */
	ck_assert(!pace_is_sure(&p));
	for (int i = 0; i < 2 * PACE_WARM; i++)
		pace_is_baseline(&p, 64);
	pace_add_fast(&p, 1000);
	pace_add_plain(&p, 1000);
	pace_look_closely(&p, t0);
	ck_assert_uint_eq(pace_median_us(&p.fast), 0);
	ck_assert_uint_eq(pace_median_us(&p.plain), 0);
	for (uint64_t since = 2; since < 1000; since++) {
		ck_assert(pace_is_for(&p, t0 + since, t0 + since + 1));
		ck_assert(!pace_is_for(&p, t0 - since, t0 + since));
	}
	ck_assert(pace_is_for(&p, t0 - 500, t0 - 300)); /* the clock was set back */
	for (int i = 0; i < 2 * PACE_SAMPLES; i++)
		plain += pace_is_baseline(&p, 64);
	ck_assert_int_eq(plain, PACE_SAMPLES);
	for (int i = 0; i < 100; i++)
		pace_add_fast(&p, 1000);
	ck_assert_uint_eq(p.fast.n, 1); /* one for each that came without */
	for (int i = 0; i < PACE_SAMPLES; i++) {
		pace_add_plain(&p, 1000);
		pace_add_fast(&p, 1000);
		ck_assert(pace_is_sure(&p));
	}
	pace_is_baseline(&p, 64); /* nothing was found */
	ck_assert(!pace_is_sure(&p));
}
END_TEST

/* Each that went plainly has one beside it, of the same time. */
START_TEST(pairs_are_of_the_same_hour)
{
	struct pace p = { 0 };
	struct pace_sets s;

	pace_add_fast(&p, 7);
	pace_sets_of(&p, &s);
	ck_assert_uint_eq(s.fast + s.plain, 0);
	for (uint32_t hour = 1; hour <= 3 * PACE_PAIRS; hour++) {
		pace_add_plain(&p, 1000 * hour + 1);
		pace_sets_of(&p, &s);
		ck_assert_uint_eq(s.plain, hour < PACE_PAIRS ? hour : PACE_PAIRS);
		ck_assert_uint_eq(s.fast, s.plain - 1);
		for (uint32_t i = 0; i < 50; i++)
			pace_add_fast(&p, 1000 * hour + 1000 * i);
	}
	pace_sets_of(&p, &s);
	ck_assert_uint_eq(s.fast, PACE_PAIRS);
	for (unsigned int i = 0; i < PACE_PAIRS; i++) {
		ck_assert_uint_gt(s.plain_us[i], 1000 * 2 * PACE_PAIRS - 50);
		ck_assert_uint_eq(s.plain_us[i] / 2000, (s.fast_us[i] + 1) / 2000);
	}
	pace_clear(&p);
	pace_sets_of(&p, &s);
	ck_assert_uint_eq(s.fast + s.plain, 0);
}
END_TEST

/* Counted, and killed before it was written: that is none, and no other's. */
START_TEST(what_is_missing_is_none)
{
	struct pace p = { 0 };

	pace_add_fast(&p, 1000);
	pace_clear(&p);
	p.fast.n = 1;
	ck_assert_uint_eq(pace_median_us(&p.fast), 0);
	pace_add_fast(&p, 3000);
	ck_assert_uint_gt(pace_median_us(&p.fast), 2990);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, what_is_missing_is_none);
	tcase_add_test(c, pairs_are_of_the_same_hour);
	tcase_add_test(c, samples_are_nearly_exact);
	tcase_add_test(c, baselines_keep_their_share);
	tcase_add_test(c, noise_decides_nothing);
	tcase_add_test(c, a_stumble_is_no_path);
	tcase_add_test(c, a_new_fault_is_found);
	tcase_add_test(c, garbage_is_taken);
	tcase_add_test(c, a_close_look_is_of_now);
}

int main(void)
{
	return unit_run("pace", all);
}
