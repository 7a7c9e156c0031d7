/* SPDX-License-Identifier: MIT */
/*
 * core/traffic and core/guest: sums are exact, events whole or counted as lost, rows of
 * processes their own, garbage is taken.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/guest.h"
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
	memset(e.name, 'a' + (int)(n % 26), sizeof(e.name) - 1);
	return e;
}

static void is_whole(const struct traffic_event *e)
{
	ck_assert_uint_eq(e->at_us, e->pid + 1ull);
	ck_assert_uint_eq(e->rtt_us, e->pid);
	ck_assert_uint_eq(e->to.port, e->pid % 65536);
	for (size_t i = 0; i + 1 < sizeof(e->program); i++)
		ck_assert_int_eq(e->program[i], 'a' + (int)(e->pid % 26));
	for (size_t i = 0; i + 1 < sizeof(e->name); i++)
		ck_assert_int_eq(e->name[i], 'a' + (int)(e->pid % 26));
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
	t->watched_cs = now + 100 * 3600; /* the clock was set back since */
	ck_assert(!traffic_is_watched(t));
	t->watched_cs = UINT64_MAX; /* garbage */
	ck_assert(!traffic_is_watched(t));
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

/* A row that another program had; one that two processes begin at once. */
START_TEST(programs_are_told)
{
	struct traffic *t = new_traffic();
	struct traffic_event e = event(0);
	struct traffic_totals got;
	unsigned int seen = 0, connections = 0;

	for (uint32_t i = 0; i < 3 * TRAFFIC_PROGRAMS; i++) {
		e = event(i);
		traffic_add(t, 2 * i + 1, &e, 0, 7);
	}
	for (unsigned int i = 0; i < TRAFFIC_PROGRAMS; i++) {
		if (!traffic_program(t, i, &got))
			continue;
		seen++;
		connections += got.n[OUTCOME_data_acked][REASON_none];
		ck_assert_uint_eq(strlen(got.name), TRAFFIC_NAME - 1);
	}
	ck_assert_uint_gt(seen, TRAFFIC_PROGRAMS / 2);
	ck_assert_uint_eq(connections, 7 * seen);
	traffic_others(t, &got); /* who lost his row is counted still */
	connections += got.n[OUTCOME_data_acked][REASON_none];
	ck_assert_uint_eq(connections, 7 * 3 * TRAFFIC_PROGRAMS);
	for (int i = 0; i < 200; i++) {
		pid_t child;
		int status;

		t = new_traffic();
		child = fork();
		traffic_add(t, 77, &e, 0, 1);
		if (!child)
			_exit(0);
		waitpid(child, &status, 0);
		seen = 0;
		for (unsigned int k = 0; k < TRAFFIC_PROGRAMS; k++)
			seen += traffic_program(t, k, &got) ? got.n[0][0] : 0;
		ck_assert_uint_eq(seen, 2);
		munmap(t, sizeof(*t));
	}
}
END_TEST

START_TEST(cookies_have_an_age)
{
	struct traffic *t = new_traffic();
	struct addr to = { .ip = { 10 }, .version = 4, .port = 80 }, other = to;
	const uint32_t now = 1000000;
	unsigned int all = 0;

	traffic_cookie_used(t, &to, now); /* nobody knows since when */
	traffic_cookie_asked(t, &to, now);
	to.port = 443; /* a cookie is for all ports */
	traffic_cookie_used(t, &to, now);
	traffic_cookie_used(t, &to, now + 100);
	other.ip[1] = 1;
	traffic_cookie_used(t, &other, now + 100);
	traffic_cookie_used(t, &to, now - 1); /* a clock set back */
	traffic_cookie_asked(t, &to, now + 200);
	traffic_cookie_used(t, &to, now + 100000000);
	for (unsigned int i = 0; i < TRAFFIC_AGES; i++)
		all += t->ages.bucket[i];
	ck_assert_uint_eq(all, 3);
	ck_assert_uint_eq(t->ages.bucket[0], 1);
	ck_assert_uint_eq(t->ages.bucket[3], 1);
	ck_assert_uint_eq(t->ages.bucket[TRAFFIC_AGES - 1], 1);
	ck_assert_uint_eq(t->ages.sum_s, 100 + 100000000 - 200);
	for (unsigned int i = 1; i < TRAFFIC_AGES; i++)
		ck_assert_uint_gt(traffic_age_bound_s(i), traffic_age_bound_s(i - 1));
	ck_assert_uint_eq(traffic_age_bound_s(1000), UINT32_MAX);
	traffic_close_error(t, TRAFFIC_CLOSE_EIO, 3);
	ck_assert_uint_eq(t->close_errors[TRAFFIC_CLOSE_EIO], 3);
}
END_TEST

static struct guest_owner owner(uint32_t pid, uint32_t image)
{
	struct guest_owner o = { .image = image, .program = 9, .name = "program" };

	self_process(&o.process);
	if (pid)
		o.process.pid = pid;
	return o;
}

static unsigned int rows_of(const struct traffic *t)
{
	struct guest_view v;
	unsigned int n = 0;

	for (unsigned int i = 0; i < TRAFFIC_GUESTS; i++)
		n += guest_look(t, i, &v);
	return n;
}

START_TEST(guests_have_rows)
{
	struct traffic *t = new_traffic();
	struct guest_owner o = owner(0, 1), exec = owner(0, 2);
	struct traffic_event e = event(0);
	struct guest_view v;
	int row = guest_claim(t, &o, 50), next;

	ck_assert_int_ge(row, 0);
	ck_assert_int_eq(guest_find(t, guest_key(&o)), row);
	guest_count(guest_row(t, row, guest_key(&o)), &e, 3, 60);
	ck_assert(guest_look(t, (unsigned int)row, &v));
	ck_assert_uint_eq(v.pid, (uint32_t)getpid());
	ck_assert_uint_eq(v.start, o.process.start);
	ck_assert_uint_gt(v.start, 0);
	ck_assert_uint_gt(v.pid_space, 0);
	ck_assert_uint_eq(v.begun_s, 50);
	ck_assert_uint_eq(v.seen_s, 60);
	ck_assert_uint_eq(v.n[OUTCOME_data_acked][REASON_none], 3);
	ck_assert_str_eq(v.name, "program");
	/* after exec the process begins anew, in its own row's place */
	next = guest_claim(t, &exec, 70);
	ck_assert_int_eq(next, row);
	ck_assert_ptr_null(guest_row(t, row, guest_key(&o)));
	ck_assert(guest_look(t, (unsigned int)row, &v));
	ck_assert_uint_eq(v.n[OUTCOME_data_acked][REASON_none], 0);
	guest_free(t, row, guest_key(&o)); /* not his any more */
	ck_assert_uint_eq(rows_of(t), 1);
	guest_free(t, row, guest_key(&exec));
	ck_assert_uint_eq(rows_of(t), 0);
}
END_TEST

/* Who finds that another thread has begun takes nothing from what it counted. */
START_TEST(threads_share_a_row)
{
	struct traffic *t = new_traffic();
	struct guest_owner o = owner(0, 1);
	struct traffic_event e = event(0);
	struct guest_view v;
	int row = guest_claim(t, &o, 50);

	guest_count(guest_row(t, row, guest_key(&o)), &e, 3, 60);
	ck_assert_int_eq(guest_claim(t, &o, 60), row);
	ck_assert(guest_look(t, (unsigned int)row, &v));
	ck_assert_uint_eq(v.n[OUTCOME_data_acked][REASON_none], 3);
	ck_assert_uint_eq(v.begun_s, 50);
}
END_TEST

/* The row of before an exec goes, also where an earlier one has become free. */
START_TEST(exec_leaves_no_row)
{
	struct traffic *t = new_traffic();
	struct guest_owner o = owner(0, 1), exec = owner(0, 2);
	int first = guest_claim(t, &o, 50), row;

	t->guest[first].key ^= UINT64_C(1) << 33; /* another's */
	row = guest_claim(t, &o, 50);
	ck_assert_int_ne(row, first);
	t->guest[first].key = 0; /* who has ended */
	ck_assert_int_eq(guest_claim(t, &exec, 60), first);
	ck_assert_uint_eq(rows_of(t), 1);
}
END_TEST

/* Rows of the dead are taken, of the living never, of other containers after a day. */
START_TEST(guests_make_room)
{
	struct traffic *t = new_traffic();
	struct guest_owner o = owner(0, 1), other;
	pid_t child = fork();
	int claimed = 0, status;

	if (!child)
		_exit(0);
	waitpid(child, &status, 0);
	for (uint64_t i = 0; i < 4 * TRAFFIC_GUESTS; i++) {
		o.process.start = i; /* this pid is alive, whatever has it */
		claimed += guest_claim(t, &o, 50) >= 0;
	}
	ck_assert_uint_eq(rows_of(t), (unsigned int)claimed);
	ck_assert_uint_gt(claimed, TRAFFIC_GUESTS * 9 / 10);
	ck_assert_uint_eq(t->full_s, 50);
	for (int i = 0; i < TRAFFIC_GUESTS; i++)
		t->guest[i].pid = (uint32_t)child;
	other = owner(0, 1);
	ck_assert_int_ge(guest_claim(t, &other, 50), 0);
	for (int i = 0; i < TRAFFIC_GUESTS; i++)
		t->guest[i].pid_space = 1;
	other.process.start = UINT64_C(1) << 40;
	ck_assert_int_lt(guest_claim(t, &other, 60), 0);
	ck_assert_int_ge(guest_claim(t, &other, 60 + 2 * 86400), 0);
	for (int i = 0; i < TRAFFIC_GUESTS; i++) { /* killed while they began */
		t->guest[i].key = UINT64_C(100) << 32;
		t->guest[i].seen_s = 0; /* of who had it before */
	}
	ck_assert_int_lt(guest_claim(t, &other, 105), 0);
	ck_assert_int_ge(guest_claim(t, &other, 115), 0);
}
END_TEST

static void uses_rows(struct traffic *t, const struct traffic_event *e)
{
	struct guest_owner o = owner(1 + (uint32_t)unit_dice() % 5, 1);
	uint64_t key = guest_key(&o);
	struct traffic_totals totals;
	struct guest_view v;
	struct traffic_guest *g;
	int row;

	traffic_program(t, (unsigned int)unit_dice(), &totals);
	if (guest_look(t, (unsigned int)unit_dice(), &v))
		ck_assert_int_lt(v.aside, TRAFFIC_ASIDES);
	traffic_cookie_asked(t, &e->to, (uint32_t)unit_dice());
	traffic_cookie_used(t, &e->to, (uint32_t)unit_dice());
	row = guest_find(t, key);
	row = row < 0 ? guest_claim(t, &o, (uint32_t)unit_dice()) : row;
	g = guest_row(t, row, key);
	if (g)
		guest_count(g, e, 1, 1);
	if (unit_dice() % 2)
		guest_free(t, row, key);
}

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
			uses_rows(t, &e);
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
	tcase_add_test(c, programs_are_told);
	tcase_add_test(c, cookies_have_an_age);
	tcase_add_test(c, guests_have_rows);
	tcase_add_test(c, guests_make_room);
	tcase_add_test(c, threads_share_a_row);
	tcase_add_test(c, exec_leaves_no_row);
	tcase_add_test(c, garbage_is_taken);
}

int main(void)
{
	return unit_run("traffic", all);
}
