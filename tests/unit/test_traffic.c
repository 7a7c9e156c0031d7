/* SPDX-License-Identifier: MIT */
/* core/traffic: sums are exact, events whole or counted as lost, garbage is taken. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/traffic.h"
#include "unit.h"

static struct traffic *new_traffic(void)
{
	struct traffic *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(t, MAP_FAILED);
	ck_assert(traffic_ready(t));
	return t;
}

static struct traffic_event event(uint32_t n)
{
	struct traffic_event e = {
		.at_us = n + 1,
		.to = { .version = 4, .port = (uint16_t)n },
		.pid = n,
		.first_byte_us = n,
		.rtt_us = n,
		.outcome = OUTCOME_data_acked,
		.reason = REASON_none,
	};

	memset(e.program, 'a' + (int)(n % 26), sizeof(e.program) - 1);
	return e;
}

static void is_whole(const struct traffic_event *e)
{
	ck_assert_uint_eq(e->at_us, e->pid + 1ull);
	ck_assert_uint_eq(e->rtt_us, e->pid);
	ck_assert_uint_eq(e->to.port, e->pid % 65536);
	for (size_t i = 0; i + 1 < sizeof(e->program); i++)
		ck_assert_int_eq(e->program[i], 'a' + (int)(e->pid % 26));
}

START_TEST(sums_are_exact)
{
	struct traffic *t = new_traffic();
	struct traffic_event e = event(7);
	unsigned int programs = 0, in_buckets = 0;

	for (uint32_t i = 0; i < 100; i++) {
		e.first_byte_us = i * 1000;
		traffic_add(t, 5, &e, 20, 1);
	}
	e.at_us = 0;
	e.outcome = OUTCOME_plain;
	e.reason = REASON_local;
	e.first_byte_us = 0;
	traffic_add(t, 6, &e, 0, 640);
	ck_assert_uint_eq(t->all.n[OUTCOME_data_acked][REASON_none], 100);
	ck_assert_uint_eq(t->all.n[OUTCOME_plain][REASON_local], 640);
	ck_assert_uint_eq(t->saved_us, 2000);
	ck_assert_uint_eq(t->times[TRAFFIC_FASTOPEN].sum_us, 99 * 100 / 2 * 1000);
	for (unsigned int i = 0; i < TRAFFIC_BUCKETS; i++)
		in_buckets += t->times[TRAFFIC_FASTOPEN].bucket[i];
	ck_assert_uint_eq(in_buckets, 99); /* 0 is: not known */
	for (int i = 0; i < TRAFFIC_PROGRAMS; i++)
		programs += t->program[i].head.key != 0;
	ck_assert_uint_eq(programs, 2);
	for (unsigned int i = 1; i < TRAFFIC_BUCKETS; i++)
		ck_assert_uint_gt(traffic_bound_us(i), traffic_bound_us(i - 1));
	ck_assert_uint_eq(traffic_bound_us(1000), UINT32_MAX);
	e.outcome = 77; /* what is none is not counted */
	traffic_add(t, 6, &e, 0, 1);
	ck_assert_uint_eq(t->all.n[OUTCOME_plain][REASON_local], 640);
}
END_TEST

START_TEST(events_come_in_order)
{
	struct traffic *t = new_traffic();
	struct traffic_event got, e;
	uint64_t at = traffic_now(t), lost;

	ck_assert(!traffic_next(t, &at, &got, &lost));
	for (uint32_t i = 0; i < 100; i++) {
		e = event(i);
		traffic_add(t, 5, &e, 0, 1);
	}
	for (uint32_t i = 0; i < 100; i++) {
		ck_assert(traffic_next(t, &at, &got, &lost));
		ck_assert_uint_eq(lost, 0);
		ck_assert_uint_eq(got.pid, i);
		is_whole(&got);
	}
	ck_assert(!traffic_next(t, &at, &got, &lost));
	for (uint32_t i = 100; i < 100 + 3 * TRAFFIC_EVENTS; i++) {
		e = event(i);
		traffic_add(t, 5, &e, 0, 1);
	}
	ck_assert(traffic_next(t, &at, &got, &lost)); /* too slow, and told so */
	ck_assert_uint_eq(got.pid, 100 + lost);
	ck_assert_uint_gt(lost, 2 * TRAFFIC_EVENTS - 1);
	e = event(1);
	e.at_us = 0; /* counted only */
	at = traffic_now(t);
	traffic_add(t, 5, &e, 0, 1);
	ck_assert_uint_eq(traffic_now(t), at);
}
END_TEST

START_TEST(watching_ends)
{
	struct traffic *t = new_traffic();
	uint64_t now = clock_today_cs();

	ck_assert(!traffic_is_watched(t));
	traffic_watch(t, now + 200);
	ck_assert(traffic_is_watched(t));
	traffic_watch(t, now + 100); /* another watches for longer */
	ck_assert_uint_eq(t->watched_cs, now + 200);
	t->watched_cs = UINT64_MAX; /* garbage */
	traffic_watch(t, now - 1);
	ck_assert(!traffic_is_watched(t));
}
END_TEST

#define WRITERS 3
#define EACH 60000

static struct traffic *shared;

static void *writes(void *first)
{
	for (uint32_t i = 0; i < EACH; i++) {
		struct traffic_event e = event((uint32_t)(uintptr_t)first + i);

		traffic_add(shared, (uint32_t)(uintptr_t)first, &e, 1, 1);
	}
	return NULL;
}

/* Three write, one of them in another process, one reads: whole, or counted as lost. */
START_TEST(many_write)
{
	pthread_t thread[WRITERS - 1];
	struct traffic_event e;
	uint64_t at = 0, lost, got = 0, gone = 0;
	int status;
	pid_t child;

	shared = new_traffic();
	child = fork();
	if (!child) {
		writes((void *)(uintptr_t)(WRITERS * EACH));
		_exit(0);
	}
	for (uintptr_t i = 0; i < WRITERS - 1; i++)
		pthread_create(&thread[i], NULL, writes, (void *)(i * EACH));
	while (at < WRITERS * EACH) {
		bool is_one = traffic_next(shared, &at, &e, &lost);

		gone += lost;
		got += is_one;
		if (is_one)
			is_whole(&e);
	}
	for (int i = 0; i < WRITERS - 1; i++)
		pthread_join(thread[i], NULL);
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(got + gone, WRITERS * EACH);
	ck_assert_uint_eq(shared->all.n[OUTCOME_data_acked][REASON_none],
			  WRITERS * EACH);
	ck_assert_uint_eq(shared->saved_us, WRITERS * EACH);
}
END_TEST

START_TEST(garbage_is_taken)
{
	struct traffic *t = new_traffic();

	for (int round = 0; round < 20; round++) {
		uint64_t *word = (uint64_t *)(void *)t, at = unit_dice(), lost;
		struct traffic_event e;

		for (size_t i = 1; i < sizeof(*t) / 8; i++)
			word[i] = unit_dice();
		if (round % 2)
			t->next = at + unit_dice() % 2000;
		for (int i = 0; i < 5000; i++) {
			traffic_next(t, &at, &e, &lost);
			e = event((uint32_t)unit_dice());
			traffic_add(t, (uint32_t)unit_dice(), &e, 1, 1);
		}
	}
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, sums_are_exact);
	tcase_add_test(c, events_come_in_order);
	tcase_add_test(c, watching_ends);
	tcase_add_test(c, many_write);
	tcase_add_test(c, garbage_is_taken);
}

int main(void)
{
	return unit_run("traffic", all);
}
