/* SPDX-License-Identifier: MIT */
/*
 * core/live at its worst moments: another user, a fork, a handler within a look. Memory
 * that was given back stays forbidden (graveyard).
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graveyard.h"
#include "scene.h"
#include "unit.h"

#define SECOND_US UINT64_C(1000000)

/* --- users ----------------------------------------------------------------------- */

#define FOR_USERS \
	"[connect user=65534]\ntfo = off\nstrikes = 3\n" \
	"[connect user=root]\nstrikes = 4\n" \
	"[connect]\nstrikes = 5\n"

static int64_t strikes(void)
{
	struct live_rule r;

	ck_assert(scene_ask(&r));
	return r.value[KEY_strikes];
}

/* From then on other rules hold, also when the file cannot be read any more. */
START_TEST(another_user)
{
	unsigned int dug;

	if (geteuid() != 0)
		return;
	scene_setup(FOR_USERS);
	ck_assert_int_eq(chmod(scene_policy, 0600), 0);
	scene_later();
	ck_assert_int_eq(strikes(), 4);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(seteuid(NOBODY), 0);
		ck_assert_int_eq(strikes(), 3); /* at once */
		ck_assert_int_eq(scene_tfo(), 0);
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_eq(seteuid(1), 0);
		ck_assert_int_eq(strikes(), 5);
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_eq(strikes(), 4);
	}
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(strikes(), 3);
	dug = graveyard_dug();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(strikes(), 3);
	ck_assert_uint_eq(graveyard_dug(), dug); /* laid out once */
	ck_assert_uint_le(graveyard_alive(), 2);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_uint_eq(LINES, 0);
}
END_TEST

START_TEST(another_user_and_a_bad_file)
{
	if (geteuid() != 0)
		return;
	scene_setup(FOR_USERS);
	scene_later();
	ck_assert_int_eq(strikes(), 4);
	scene_write(scene_policy, BAD);
	ck_assert_int_eq(chmod(scene_policy, 0600), 0);
	scene_today_s = 0; /* it is young */
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(seteuid(i % 10 ? NOBODY : 0), 0);
		scene_time_us += SECOND_US / 9;
		ck_assert_int_eq(strikes(), i % 10 ? 3 : 4);
	}
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_uint_le(graveyard_alive(), 2);
}
END_TEST

/* --- forks and signals, at the worst moment -------------------------------------- */

static pid_t child = -1;

static void fork_here(void)
{
	child = fork();
	if (child == 0)
		live_after_fork();
}

/* Another look, or a signal's handler, within this one. */
static void ask_here(void)
{
	struct live_rule r;
	struct addr to = { .ip = { 192, 0, 2, 1 }, .port = 443, .version = 4 };

	scene_time_us += SECOND_US;
	live_ask(SECTION_connect, &to, NULL, &r);
}

static void child_ends_well(void)
{
	int status;

	if (child == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static void need(bool what)
{
	if (!what && child == 0)
		_exit(9);
	ck_assert(what);
}

/* Takes changes up, and keeps no more than it needs. */
static void goes_on(void)
{
	for (int i = 0; i < 8; i++) {
		struct live_rule r;
		char own[600];

		snprintf(own, sizeof(own), "%s.%d", scene_policy, (int)child);
		scene_write(own, i % 2 ? OFF : ON);
		live_setup(own);
		scene_later();
		need(scene_ask(&r));
		need(r.value[KEY_tfo] == (i % 2 ? 0 : 1));
	}
	need(graveyard_alive() <= 4);
}

START_TEST(fork_between_asks)
{
	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	fork_here();
	goes_on();
	child_ends_well();
}
END_TEST

/* As from a handler of the program's. */
START_TEST(fork_within_an_ask)
{
	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	scene_later();
	scene_in_a_look = fork_here;
	scene_tfo();
	goes_on();
	child_ends_well();
}
END_TEST

static unsigned int looks;

static void count_looks(void)
{
	looks++;
}

/* The turn is still this thread's own. */
static void fork_and_ask_here(void)
{
	fork_here();
	scene_in_a_busy_look = count_looks;
	ask_here();
	need(looks == 0);
	scene_in_a_busy_look = NULL;
}

START_TEST(fork_within_a_look)
{
	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	scene_later();
	scene_in_a_busy_look = fork_and_ask_here;
	scene_tfo();
	goes_on();
	child_ends_well();
}
END_TEST

START_TEST(ask_within_a_look)
{
	struct live_rule r;

	scene_setup(OFF);
	scene_in_a_busy_look = ask_here; /* the very first: nothing is known yet */
	ck_assert(scene_ask(&r));
	for (int i = 0; i < 20; i++) {
		scene_write(scene_policy, i % 2 ? ON : OFF);
		scene_later();
		scene_in_a_look = i & 2 ? ask_here : NULL;
		scene_in_a_busy_look = i & 4 ? ask_here : NULL;
		ck_assert_int_eq(scene_tfo(), i % 2);
	}
	goes_on();
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, another_user);
	tcase_add_test(c, another_user_and_a_bad_file);
	tcase_add_test(c, fork_between_asks);
	tcase_add_test(c, fork_within_an_ask);
	tcase_add_test(c, fork_within_a_look);
	tcase_add_test(c, ask_within_a_look);
}

int main(void)
{
	return unit_run("moments", all);
}
