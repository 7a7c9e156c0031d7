/* SPDX-License-Identifier: MIT */
/* cli/shift: how far apart two sets of times lie. What R says is from wilcox.test(). */
#include <math.h>

#include "cli/shift.h"
#include "unit.h"

#define ADD(s, x, y) shift_add(s, x, COUNT(x), y, COUNT(y))

static void says(const struct shift *s, double by, double low, double high)
{
	struct shift_found f;

	ck_assert(shift_find(s, &f));
	ck_assert(f.is_sure);
	ck_assert_double_eq_tol(f.by, by, 1e-9);
	ck_assert_double_eq_tol(f.low, low, 1e-9);
	ck_assert_double_eq_tol(f.high, high, 1e-9);
}

/* Hollander and Wolfe (1973), p. 69f: the example of R's manual. */
START_TEST(shift_of_the_book)
{
	const double x[] = {
		0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46
	};
	const double y[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	struct shift s = { 0 };

	ADD(&s, x, y);
	says(&s, 0.305, -0.15, 0.76);
	shift_drop(&s);
	ADD(&s, y, x);
	says(&s, -0.305, -0.76, 0.15);
	shift_drop(&s);
}
END_TEST

/* One SYN that was lost on either side takes nothing away. */
START_TEST(shift_with_a_tail)
{
	const double fast[] = { 51.2, 60.9, 43.1, 49.7, 1043.6, 52.2, 48.8, 55.5 };
	const double plain[] = { 71.3, 70.1, 83.9, 64.2, 92.7, 69.0, 77.7, 1099.1 };
	struct shift s = { 0 };

	ADD(&s, fast, plain);
	says(&s, -21.9, -40.5, -13);
	shift_drop(&s);
}
END_TEST

/* By counting all orders of both. */
START_TEST(shift_of_two_destinations)
{
	const double x1[] = { 10, 12, 11, 14 }, y1[] = { 20, 21, 25, 19, 30 };
	const double x2[] = { 100, 105, 99 }, y2[] = { 112, 111, 113, 119 };
	struct shift s = { 0 };

	ADD(&s, x1, y1);
	ADD(&s, x2, y2);
	says(&s, -11, -16, -7);
	shift_drop(&s);
}
END_TEST

START_TEST(shift_of_too_few)
{
	const double x[] = { 1, 2, 3, 4 }, y[] = { 11, 12, 13, 14, 15 };
	struct shift_found f;
	struct shift s = { 0 };

	ck_assert(!shift_find(&s, &f));
	shift_add(&s, x, 3, y, 0);
	ck_assert(!shift_find(&s, &f));
	ck_assert_uint_eq(shift_missing(&s), 4); /* of 70 orders two: 2.9 % */
	for (size_t m = 1; m <= 4; m++)
		for (size_t n = 1; n <= 5; n++) {
			shift_add(&s, x, m, y, n);
			ck_assert(shift_find(&s, &f));
			ck_assert(f.by <= -8);
			/* of 35 orders the two outermost are more than 5 % */
			ck_assert_int_eq(f.is_sure, m * n >= 15);
			ck_assert_int_eq(!shift_missing(&s), f.is_sure);
			ck_assert_uint_le(shift_missing(&s), 3);
			shift_drop(&s);
		}
}
END_TEST

static double about(double middle)
{
	return middle + (double)(unit_dice() % 1000) / 100;
}

/* Too many for the exact chances: what is normal takes over where they end. */
START_TEST(shift_of_many)
{
	struct shift_found few, many;
	struct shift s = { 0 };

	for (int i = 0; i < 600; i++) {
		double x[8], y[8];

		for (int k = 0; k < 8; k++) {
			x[k] = about(30 * i);
			y[k] = about(30 * i + 20);
		}
		ADD(&s, x, y);
		if (i == 8192 / 64 - 1) {
			ck_assert(s.chance);
			ck_assert(shift_find(&s, &few));
		}
	}
	ck_assert(!s.chance);
	ck_assert(shift_find(&s, &many));
	ck_assert_double_eq_tol(many.by, -20, 0.3);
	ck_assert(few.low < -20 && -20 < few.high);
	ck_assert(many.low < -20 && -20 < many.high);
	/* five times as many: not half as wide */
	ck_assert_double_eq_tol((many.high - many.low) / (few.high - few.low),
				sqrt(128.0 / 600), 0.035);
	shift_drop(&s);
}
END_TEST

/* In 95 of a hundred the truth is where it is said to be. */
START_TEST(shift_keeps_its_word)
{
	int held = 0;

	for (int i = 0; i < 4000; i++) {
		double x[8], y[8];
		struct shift_found f;
		struct shift s = { 0 };

		for (int k = 0; k < 8; k++) {
			x[k] = about(10) * about(1);
			y[k] = about(10) * about(1) + 7;
		}
		ADD(&s, x, y);
		ck_assert(shift_find(&s, &f));
		held += f.low <= -7 && -7 <= f.high;
		shift_drop(&s);
	}
	/* of 8 and 8 it is 95.01 %; four deviations of 0.34 % */
	ck_assert_int_ge(held, 3746);
	ck_assert_int_le(held, 3855);
}
END_TEST

START_TEST(shift_median_is_the_middle)
{
	double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 100 };

	ck_assert_double_eq(shift_median(odd, 3), 5);
	ck_assert_double_eq(shift_median(even, 4), 3.5);
	ck_assert_double_eq(shift_median(odd, 0), 0);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, shift_of_the_book);
	tcase_add_test(c, shift_with_a_tail);
	tcase_add_test(c, shift_of_two_destinations);
	tcase_add_test(c, shift_of_too_few);
	tcase_add_test(c, shift_of_many);
	tcase_add_test(c, shift_keeps_its_word);
	tcase_add_test(c, shift_median_is_the_middle);
}

int main(void)
{
	return unit_run("shift", add);
}
