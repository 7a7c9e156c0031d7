/* SPDX-License-Identifier: MIT */
/*
 * core/live under many threads that ask, a writer that rewrites, a child that is forked
 * in the midst and a handler that asks: nobody reads what was given back, and each
 * answer is of one version.  Time flies here, so that every change is looked at.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/live.h"
#include "graveyard.h"
#include "unit.h"

#define THREADS 8
#define REWRITES 200
#define HASTE 1000
#define PAUSE_US 1000

uint64_t clock_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000) * HASTE;
}

uint32_t clock_today_s(void)
{
	return (uint32_t)time(NULL);
}

uint64_t clock_today_cs(void)
{
	return (uint64_t)time(NULL) * 100;
}

static char policy[512], draft[520];
static _Atomic bool over;
static _Atomic unsigned int lies, asked;

/* n in two places, and users: all of one version. */
static void rewrite(int n)
{
	FILE *f = fopen(draft, "w");

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < n; i++)
		fprintf(f, "[connect 10.0.0.%d user=nobody,root]\ntfo = off\n", i);
	fprintf(f, "[connect *:443]\nstrikes = %d\nproven-for = %ds\n", n % 100 + 1,
		n % 100 + 1);
	fclose(f);
	ck_assert_int_eq(rename(draft, policy), 0);
}

static void ask(void)
{
	struct addr to = { .ip = { 192, 0, 2, 1 }, .port = 443, .version = 4 };
	struct live_rule r;

	if (live_ask(SECTION_connect, &to, "www.example.com", &r) &&
	    r.value[KEY_proven_for] != r.value[KEY_strikes] * 1000)
		lies++;
	asked++;
}

static void *asks_on(void *nothing)
{
	while (!over)
		ask();
	return nothing;
}

static void child_asks(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		live_after_fork();
		for (int i = 0; i < 200; i++)
			ask();
		_exit(lies != 0);
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static void begin(void)
{
	snprintf(policy, sizeof(policy), "%s", unit_path("policy"));
	snprintf(draft, sizeof(draft), "%s.draft", policy);
	rewrite(0);
	live_setup(policy);
	ask();
}

static void end(pthread_t *thread)
{
	over = true;
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	ck_assert_uint_eq(lies, 0);
	ck_assert_uint_gt(graveyard_dug(), REWRITES); /* they were all read */
	rewrite(0);
	usleep(PAUSE_US);
	ask();
	ck_assert_uint_le(graveyard_alive(), 2);
	printf("# %u asks, %u blocks taken\n", asked, graveyard_dug());
}

START_TEST(crowd)
{
	pthread_t thread[THREADS];

	begin();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, asks_on, NULL), 0);
	for (int i = 0; i < REWRITES; i++) {
		rewrite(i);
		usleep(PAUSE_US);
		if (i % 40 == 0)
			child_asks();
	}
	end(thread);
}
END_TEST

static void handler(int signal)
{
	(void)signal;
	ask();
}

/* Every thread asks, and is asked by signals meanwhile. */
START_TEST(handlers)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	pthread_t thread[THREADS];

	begin();
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, asks_on, NULL), 0);
	for (int i = 0; i < REWRITES; i++) {
		rewrite(i);
		for (int k = 0; k < 5; k++) {
			pthread_kill(thread[(i + k) % THREADS], SIGUSR1);
			usleep(PAUSE_US / 5);
		}
	}
	end(thread);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, crowd);
	tcase_add_test(c, handlers);
}

int main(void)
{
	return unit_run("crowd", all);
}
