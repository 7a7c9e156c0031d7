/* SPDX-License-Identifier: MIT */
/*
 * core/memory, when those that write in it are killed in the midst: nothing waits for
 * them, no count is lost but theirs, and no destination is given another's past.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory_view.h"
#include "unit.h"

#define WRITERS 3
#define DEATHS 300
#define FEW 16
#define MANY (3 * MEMORY_DESTINATIONS) /* so that rows change hands all the time */
#define PROGRAM 0x1234567u

static const struct memory_rule rule = {
	.proven_for_s = 600,
	.strike = { 2, 60000 },
	.slower = 1200,
};

static struct shared {
	struct memory memory;
	_Atomic uint64_t begun[FEW], done[FEW];
} * shared;

static struct addr dest(uint32_t n)
{
	return (struct addr){
		.ip = { 10, 1, (uint8_t)(n >> 8), (uint8_t)n },
		.port = 443,
		.version = 4,
	};
}

/* Each destination has an outcome and a pace of its own. */
static enum outcome outcome_at(uint32_t n)
{
	return (enum outcome)(n % OUTCOMES);
}

static uint32_t pace_at(uint32_t n)
{
	return 20000 + 20 * (n % 100);
}

static void connects(uint32_t n)
{
	struct addr to = dest(n);
	const struct memory_end end = {
		.outcome = outcome_at(n),
		.had_data = true,
		.syn_again = n & 2,
		.answered = true,
		.rtt_us = 20000,
		.first_byte_us = pace_at(n),
		.begun_cs = clock_today_cs(),
	};
	struct memory_view v;

	memory_ask(&shared->memory, &to, PROGRAM, &rule, &v);
	memory_gate(&shared->memory, &to, &v);
	memory_is_baseline(&shared->memory, &to, 64);
	memory_habit(&shared->memory, &to, PROGRAM + n % 3, HABIT_WRITES_FIRST);
	memory_end(&shared->memory, &to, &end);
}

static void writes(uint32_t destinations, uint32_t seed)
{
	uint32_t n = seed * 2654435761u;

	for (;;) {
		n = n * 1664525u + 1013904223u;
		uint32_t d = (n >> 8) % destinations;

		if (d < FEW)
			atomic_fetch_add(&shared->begun[d], 1);
		connects(d);
		if (d < FEW)
			atomic_fetch_add(&shared->done[d], 1);
	}
}

static pid_t new_writer(uint32_t destinations, uint32_t seed)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (!child)
		writes(destinations, seed);
	return child;
}

static void moment(long us)
{
	nanosleep(&(struct timespec){ 0, us * 1000 }, NULL);
}

static void end(pid_t writer)
{
	int status;

	kill(writer, SIGKILL);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool has_anothers_past(uint32_t n)
{
	struct addr to = dest(n);
	struct memory_facts f;

	if (!memory_view_look(&shared->memory, &to, PROGRAM, &f))
		return false;
	for (int o = 0; o < OUTCOMES; o++)
		if (f.outcome[o] && o != (int)outcome_at(n))
			return true;
	return f.fast_us && (f.fast_us > pace_at(n) || pace_at(n) - f.fast_us > 10);
}

static void rage(void)
{
	pid_t writer[WRITERS];

	for (uint32_t i = 0; i < WRITERS; i++)
		writer[i] = new_writer(FEW, i);
	for (uint32_t death = 0; death < DEATHS; death++) {
		pid_t *one = &writer[unit_dice() % WRITERS];

		moment((long)(unit_dice() % 1000));
		end(*one);
		*one = new_writer(FEW, WRITERS + death);
	}
	for (uint32_t i = 0; i < WRITERS; i++)
		end(writer[i]);
}

static uint64_t outcomes_at(uint32_t n)
{
	struct addr to = dest(n);
	struct memory_facts f;
	uint64_t sum = 0;

	ck_assert(memory_view_look(&shared->memory, &to, PROGRAM, &f));
	for (int o = 0; o < OUTCOMES; o++)
		sum += f.outcome[o];
	return sum;
}

static void new_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert(memory_ready(&shared->memory));
}

static enum reason gate(const struct addr *to)
{
	struct memory_view v;

	memory_ask(&shared->memory, to, PROGRAM, &rule, &v);
	return memory_gate(&shared->memory, to, &v);
}

START_TEST(counts_agree)
{
	uint64_t begun = 0, total = 0;

	new_shared();
	rage();
	for (uint32_t d = 0; d < FEW; d++) {
		uint64_t counted = outcomes_at(d);

		ck_assert_uint_le(atomic_load(&shared->done[d]), counted);
		ck_assert_uint_le(counted, atomic_load(&shared->begun[d]));
		ck_assert(!has_anothers_past(d));
		begun += atomic_load(&shared->begun[d]);
		total += counted;
	}
	ck_assert_uint_le(total, begun);
	ck_assert_uint_le(begun - total, DEATHS + WRITERS);
	printf("%d deaths, %llu connections, %llu of them not counted\n", DEATHS,
	       (unsigned long long)begun, (unsigned long long)(begun - total));
}
END_TEST

/* Who takes a row over, and dies of it, leaves nobody else's past in it. */
START_TEST(rows_change_hands)
{
	new_shared();
	for (uint32_t death = 0; death < DEATHS; death++) {
		pid_t writer = new_writer(MANY, death);

		moment(3000 + (long)(unit_dice() % 1000));
		end(writer);
		for (uint32_t n = 0; n < MANY; n++)
			ck_assert_msg(!has_anothers_past(n), "%u after %u deaths", n,
				      death + 1);
	}
}
END_TEST

/* It serves as before. */
START_TEST(it_goes_on)
{
	struct addr a = dest(3);

	new_shared();
	rage();
	memory_forget_all(&shared->memory);
	ck_assert_int_eq(gate(&a), REASON_none);
	for (int i = 0; i < 2; i++)
		memory_strike(&shared->memory, &a, STRIKE_DATA, clock_today_cs());
	ck_assert_int_eq(gate(&a), REASON_paused);
	ck_assert(memory_forget(&shared->memory, &a));
	ck_assert_int_eq(gate(&a), REASON_none);
}
END_TEST

static void all(TCase *c)
{
	tcase_set_timeout(c, 60);
	tcase_add_test(c, counts_agree);
	tcase_add_test(c, rows_change_hands);
	tcase_add_test(c, it_goes_on);
}

int main(void)
{
	return unit_run("killed", all);
}
