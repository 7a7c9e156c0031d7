/* SPDX-License-Identifier: MIT */
/*
 * preload/kept: what rode comes back as it was, cut to what the SYN took; the table is
 * bounded, the room that is touched too; an entry is one thread's at a time, and never
 * another connection's.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/kept.h"
#include "unit.h"

#define WORKERS 6
#define THIEVES 2
#define TURNS (UNIT_SANITIZED ? 400 : 4000)

static _Atomic unsigned int lies;

static size_t length_of(uint64_t cookie)
{
	return 1 + cookie % KEPT_BYTES;
}

/* What the connection of that cookie says. */
static void speak(uint64_t cookie, uint8_t *bytes)
{
	for (size_t i = 0; i < length_of(cookie); i++)
		bytes[i] = (uint8_t)(cookie * 31 + i);
}

static bool is_said(const struct kept *k, uint64_t cookie)
{
	const uint8_t *at = kept_bytes(k);

	for (size_t i = 0; i < k->length; i++)
		if (at[i] != (uint8_t)(cookie * 31 + i))
			return false;
	return k->length == (length_of(cookie) + 1) / 2;
}

/* Of what it says half rides. */
static struct kept *ride(uint64_t cookie)
{
	uint8_t bytes[KEPT_BYTES];
	struct kept *k;

	speak(cookie, bytes);
	k = kept_take(cookie, 3, bytes, length_of(cookie));
	if (k)
		kept_rode(k, cookie, (length_of(cookie) + 1) / 2);
	return k;
}

START_TEST(kept_keeps)
{
	struct kept *k;

	ck_assert(!kept_any());
	ck_assert_ptr_null(kept_find(7));
	k = ride(7);
	ck_assert_ptr_nonnull(k);
	ck_assert(kept_any());
	ck_assert_ptr_eq(kept_find(7), k);
	ck_assert_int_eq(kept_state(k), KEPT_HELD);
	ck_assert(is_said(k, 7));
	kept_moves(7, 9);
	ck_assert_int_eq(k->fd, 9);
	kept_release(7);
	ck_assert(!kept_any());
	ck_assert_ptr_null(kept_find(7));
	kept_release(7);
	kept_moves(7, 9);
	ck_assert_int_eq(kept_count, 0);
}
END_TEST

START_TEST(kept_is_told_what_rode)
{
	struct kept *k = kept_take(5, 3, "hello", 5);

	ck_assert_int_eq(kept_state(k), KEPT_RIDING);
	kept_rode(k, 5, 0); /* the SYN took nothing */
	ck_assert_ptr_null(kept_find(5));
	k = kept_take(5, 3, "hello", 5);
	kept_rode(k, 5, 9000); /* not more than there is */
	ck_assert_uint_eq(k->length, 5);
	kept_release(5);
	ck_assert_ptr_null(kept_take(5, 3, "", 0));
	ck_assert_ptr_null(kept_take(5, 3, "hello", KEPT_BYTES + 1));
	ck_assert_int_eq(kept_count, 0);
}
END_TEST

/* The same socket once more: what it said before is gone. */
START_TEST(kept_replaces)
{
	ride(7);
	kept_rode(kept_take(7, 3, "again", 5), 7, 5);
	ck_assert_int_eq(kept_count, 1);
	ck_assert_mem_eq(kept_bytes(kept_find(7)), "again", 5);
	kept_release(7);
}
END_TEST

START_TEST(kept_is_bounded)
{
	const uint8_t *first;
	struct kept *k;
	int i = 0;

	for (uint64_t c = 1; c <= KEPT_MOST; c++) {
		ck_assert_int_eq(kept_has_room(), c <= KEPT_MOST * 3 / 4);
		ck_assert_ptr_nonnull(ride(c));
	}
	ck_assert_ptr_null(ride(5000));
	ck_assert_int_eq(kept_count, KEPT_MOST);
	for (uint64_t c = 1; c <= KEPT_MOST; c++)
		ck_assert(is_said(kept_find(c), c));
	kept_release(500);
	k = ride(5000);
	ck_assert_ptr_nonnull(k);
	for (int n = 0; n < KEPT_MOST; n++, i++)
		ck_assert_ptr_nonnull(kept_next(&i));
	ck_assert_ptr_null(kept_next(&i));
	first = kept_bytes(kept_find(1));
	kept_forget();
	ck_assert(!kept_any());
	for (uint64_t c = 1; c <= 100; c++) { /* one at a time: one page */
		ck_assert_ptr_eq(kept_bytes(ride(c)), first);
		kept_release(c);
	}
}
END_TEST

START_TEST(kept_is_seized_once)
{
	struct kept *k = ride(7);

	ck_assert(!kept_seize(k, 7, KEPT_REOPENED));
	ck_assert(!kept_seize(k, 8, KEPT_HELD));
	ck_assert_int_eq(kept_state(k), KEPT_HELD);
	ck_assert(kept_seize(k, 7, KEPT_HELD));
	ck_assert(!kept_seize(k, 7, KEPT_HELD));
	kept_release(7); /* who has it finds out */
	ck_assert_int_eq(kept_count, 1);
	ck_assert(!kept_owes());
	kept_yield(k, KEPT_REOPENED);
	ck_assert(kept_owes());
	ck_assert(kept_seize(k, 7, KEPT_REOPENED));
	ck_assert(!kept_owes());
	kept_yield(k, KEPT_REOPENED);
	kept_release(7);
	ck_assert(!kept_owes());
	ck_assert_int_eq(kept_count, 0);
}
END_TEST

START_TEST(kept_is_not_the_childs)
{
	int status;
	pid_t child;

	ride(7);
	child = fork();
	if (!child) {
		kept_forget();
		_exit(kept_any() || kept_find(7) || !ride(8) ||
		      !is_said(kept_find(8), 8));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(is_said(kept_find(7), 7));
	kept_release(7);
}
END_TEST

static void expect(bool true_one)
{
	if (!true_one)
		atomic_fetch_add(&lies, 1);
}

static void seize(struct kept *k, uint64_t cookie, enum kept_state from)
{
	while (!kept_seize(k, cookie, from)) { /* a thief looks at it */
		enum kept_state state = kept_state(k);

		expect(state == KEPT_BUSY || state == from);
		sched_yield();
	}
}

/* A connection's life, refused once. */
static void live(uint64_t cookie)
{
	struct kept *k = ride(cookie);

	expect(k && kept_find(cookie) == k);
	if (!k)
		return;
	seize(k, cookie, KEPT_HELD);
	expect(is_said(k, cookie));
	kept_yield(k, KEPT_REOPENED);
	seize(k, cookie, KEPT_REOPENED);
	expect(is_said(k, cookie));
	kept_yield(k, KEPT_FREE);
}

static void *work(void *first)
{
	uint64_t cookie = (uint64_t)(uintptr_t)first << 32;

	for (int i = 0; i < TURNS; i++)
		live(++cookie);
	return NULL;
}

static atomic_bool over;

/* Seizes what it finds, by its own name and by a wrong one. */
static void *steal(void *unused)
{
	const enum kept_state states[] = { KEPT_RIDING, KEPT_HELD, KEPT_REOPENED };
	struct kept *k;

	while (!atomic_load(&over))
		for (int i = 0, n = 0; (k = kept_next(&i)); i++, n++) {
			uint64_t cookie = atomic_load(&k->cookie);

			expect(!kept_seize(k, 1, states[n % 3]));
			if (!cookie || !kept_seize(k, cookie, KEPT_HELD))
				continue;
			expect(is_said(k, cookie));
			kept_yield(k, KEPT_HELD);
		}
	return unused;
}

START_TEST(kept_is_fought_for)
{
	pthread_t worker[WORKERS], thief[THIEVES];

	for (int i = 0; i < THIEVES; i++)
		ck_assert_int_eq(pthread_create(&thief[i], NULL, steal, NULL), 0);
	for (uintptr_t i = 0; i < WORKERS; i++)
		ck_assert_int_eq(
			pthread_create(&worker[i], NULL, work, (void *)(i + 1)), 0);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(worker[i], NULL);
	atomic_store(&over, true);
	for (int i = 0; i < THIEVES; i++)
		pthread_join(thief[i], NULL);
	ck_assert_uint_eq(lies, 0);
	ck_assert_int_eq(kept_count, 0);
	ck_assert_int_eq(kept_owed, 0);
}
END_TEST

static _Atomic unsigned int handled;

static void on_alarm(int number)
{
	static uint64_t cookie = UINT64_C(99) << 32;

	(void)number;
	live(++cookie);
	atomic_fetch_add(&handled, 1);
}

START_TEST(kept_is_met_by_handlers)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { { 0 }, { 0 } };
	uint64_t cookie = UINT64_C(98) << 32;

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	while (handled < 500)
		live(++cookie);
	setitimer(ITIMER_REAL, &never, NULL);
	ck_assert_uint_eq(lies, 0);
	ck_assert_int_eq(kept_count, 0);
	ck_assert_int_eq(kept_owed, 0);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, kept_keeps);
	tcase_add_test(c, kept_is_told_what_rode);
	tcase_add_test(c, kept_replaces);
	tcase_add_test(c, kept_is_bounded);
	tcase_add_test(c, kept_is_seized_once);
	tcase_add_test(c, kept_is_not_the_childs);
	tcase_add_test(c, kept_is_fought_for);
	tcase_add_test(c, kept_is_met_by_handlers);
}

int main(void)
{
	return unit_run("kept", all);
}
