/* SPDX-License-Identifier: MIT */
/* core/clock: the time, by the vDSO and without. */
#include <errno.h>
#include <sys/auxv.h>
#include <time.h>

#include "core/clock.h"
#include "unit.h"

static void tells_the_time(void)
{
	struct timespec before, after;
	uint64_t now, last = 0;

	errno = UNTOUCHED;
	for (int i = 0; i < 10000; i++) {
		now = clock_now_us();
		ck_assert_uint_ge(now, last);
		last = now;
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	now = clock_now_us();
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_uint_ge(now, (uint64_t)before.tv_sec * 1000000 +
				       (uint64_t)before.tv_nsec / 1000);
	ck_assert_uint_le(now, (uint64_t)after.tv_sec * 1000000 +
				       (uint64_t)after.tv_nsec / 1000 + 1);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &before);
	now = clock_coarse_us();
	ck_assert_uint_ge(now, (uint64_t)before.tv_sec * 1000000 +
				       (uint64_t)before.tv_nsec / 1000);
	ck_assert_uint_le(now, clock_now_us());
	clock_gettime(CLOCK_REALTIME, &before); /* a second may begin in between */
	ck_assert_uint_le((uint64_t)clock_today_s() - (uint64_t)before.tv_sec, 1);
	ck_assert_int_eq(errno, UNTOUCHED);
}

START_TEST(clock_ticks)
{
	clock_setup(0);
	tells_the_time();
	clock_setup(getauxval(AT_SYSINFO_EHDR));
	tells_the_time();
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, clock_ticks);
}

int main(void)
{
	return unit_run("clock", all);
}
