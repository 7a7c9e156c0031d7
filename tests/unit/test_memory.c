/* SPDX-License-Identifier: MIT */
/* core/memory: what is believed of destinations: by age, under garbage, under
 * hammering. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "unit.h"

#define FOR_S 600
#define PROGRAM 0x1234567u
#define OTHER_PROGRAM 0x7654321u

static struct memory *new_memory(void)
{
	struct memory *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	ck_assert(memory_ready(m));
	return m;
}

static struct addr dest(uint32_t n)
{
	return (struct addr){
		.ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n },
		.port = (uint16_t)(n >> 24 | 0x100),
		.version = 4,
	};
}

static bool answered(struct memory *m, const struct addr *to, uint32_t within_s)
{
	struct memory_view v;

	memory_ask(m, to, PROGRAM, within_s, &v);
	return v.answered;
}

static enum habit habit_there(struct memory *m, const struct addr *to, uint32_t program)
{
	struct memory_view v;

	memory_ask(m, to, program, FOR_S, &v);
	return v.habit;
}

/* Makes everything in the memory older (or, with less than nothing, younger). */
static void age(struct memory *m, int64_t seconds)
{
	for (int i = 0; i < MEMORY_ROWS; i++) {
		uint64_t last = m->row[i].last, day = last >> 32;

		if (day)
			m->row[i].last = (day - (uint64_t)seconds) << 32 |
					 (uint32_t)last;
	}
}

START_TEST(memory_is_ours)
{
	struct memory *m = new_memory();

	ck_assert(memory_ready(m));
	m->magic++;
	ck_assert(!memory_ready(m));
	m->magic = UINT64_MAX;
	ck_assert(!memory_ready(m));
}
END_TEST

START_TEST(memory_proves)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), port = a, six = a;

	port.port++;
	six.version = 6;
	ck_assert(!answered(m, &a, FOR_S));
	memory_failed(m, &a); /* of a stranger: nothing */
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert(!answered(m, &port, FOR_S));
	ck_assert(!answered(m, &six, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	memory_failed(m, &a);
	ck_assert(!answered(m, &a, FOR_S));
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	memory_count(m, &port, OUTCOME_plain); /* counted, not proven */
	ck_assert(!answered(m, &port, FOR_S));
}
END_TEST

START_TEST(memory_keeps_habits)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);

	for (enum habit h = HABIT_UNKNOWN; h <= HABIT_KNOCKS; h++) {
		memory_habit(m, &a, PROGRAM, h);
		ck_assert_int_eq(habit_there(m, &a, PROGRAM), h);
	}
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &a, OTHER_PROGRAM, HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_KNOCKS);
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	ck_assert(!answered(m, &a, FOR_S));		/* a habit proves nothing */
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* never seen to be in time */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &b, PROGRAM, HABIT_WRITES_FIRST);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* forgiven once */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_WROTE_LATE);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &b, PROGRAM, HABIT_BURNT); /* and nothing makes it good */
	memory_habit(m, &b, PROGRAM, HABIT_WRITES_FIRST);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_BURNT);
}
END_TEST

START_TEST(memory_ages)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);

	memory_answered(m, &a);
	memory_habit(m, &a, PROGRAM, HABIT_WRITES_FIRST);
	age(m, FOR_S - 5);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_WRITES_FIRST);
	age(m, 10);
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert(answered(m, &a, FOR_S + 60));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	age(m, -3600); /* written in the future: the clock was set back */
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
}
END_TEST

START_TEST(memory_counts)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	unsigned int rows = 0;

	for (enum outcome o = 0; o < OUTCOMES; o++)
		for (unsigned int i = 0; i <= o; i++)
			memory_count(m, &a, o);
	for (int i = 0; i < MEMORY_ROWS; i++) {
		if (!m->row[i].key)
			continue;
		rows++;
		for (enum outcome o = 0; o < OUTCOMES; o++)
			ck_assert_uint_eq(m->row[i].count[o], (unsigned int)o + 1);
		ck_assert_mem_eq(m->row[i].ip, a.ip, 16);
		ck_assert_uint_eq(m->row[i].port, a.port);
	}
	ck_assert_uint_eq(rows, 1);
}
END_TEST

/* Many more destinations than rows: the newcomers find room, and inherit nothing. */
START_TEST(memory_takes_over)
{
	struct memory *m = new_memory();
	unsigned int kept = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
		ck_assert(answered(m, &to, FOR_S));
		memory_habit(m, &to, PROGRAM, HABIT_KNOCKS);
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_KNOCKS);
	}
	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		kept += answered(m, &to, FOR_S);
	}
	ck_assert_uint_gt(kept, MEMORY_ROWS / 8);
	ck_assert_uint_le(kept, MEMORY_ROWS);
	for (uint32_t i = 100000; i < 200000; i++) {
		struct addr to = dest(i);

		ck_assert(!answered(m, &to, FOR_S));
		memory_count(m, &to, OUTCOME_plain); /* takes a row over */
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
		memory_habit(m, &to, OTHER_PROGRAM, HABIT_READS_FIRST);
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
	}
}
END_TEST

/* The oldest gives way: who was heard of today outlives a flood of what is yesterday's.
 */
START_TEST(memory_keeps_the_young)
{
	struct memory *m = new_memory();
	struct addr dear = dest(0xffffff);

	for (uint32_t i = 0; i < 20000; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
	}
	age(m, 1000);
	memory_answered(m, &dear);
	for (uint32_t i = 20000; i < 20500; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
	}
	ck_assert(answered(m, &dear, FOR_S));
}
END_TEST

static void random_use(struct memory *m, uint32_t i)
{
	struct addr to = dest(i);
	uint32_t program = (uint32_t)unit_dice();

	switch (unit_dice() % 4) {
	case 0:
		memory_failed(m, &to);
		break;
	case 1:
		memory_count(m, &to, (enum outcome)(unit_dice() % OUTCOMES));
		break;
	case 2:
		memory_habit(m, &to, program, HABIT_READS_FIRST);
		break;
	default:
		memory_answered(m, &to);
	}
}

/* Whatever the file holds: nothing crashes, and a stranger is never believed. */
START_TEST(memory_survives_garbage)
{
	struct memory *m = new_memory();
	uint64_t *word = (uint64_t *)m->row;

	for (int round = 0; round < 6; round++) {
		uint64_t now = (uint64_t)clock_today_s() << 32;

		for (size_t i = 0; i < sizeof(m->row) / 8; i++)
			word[i] = round == 0   ? UINT64_MAX
				  : round == 1 ? 1
				  : round == 2 ? now
					       : unit_dice();
		if (round > 3) /* real keys with other people's words */
			for (uint32_t i = 0; i < 3000; i++)
				random_use(m, i);
		if (round > 4)
			for (int i = 0; i < MEMORY_ROWS; i++)
				m->row[i].last = now | (uint32_t)unit_dice();
		for (uint32_t i = 200000; i < 230000; i++) {
			struct addr to = dest(i);
			struct memory_view v;

			memory_ask(m, &to, (uint32_t)unit_dice(), UINT32_MAX, &v);
			ck_assert(!v.answered);
			ck_assert_int_eq(v.habit, HABIT_UNKNOWN);
			if (i % 4 == 0)
				random_use(m, i - 200000);
		}
	}
}
END_TEST

#define THREADS 3
#define PROCESSES 3
#define HAMMERS (UNIT_SANITIZED ? 20000 : 60000)
#define HAMMERED 20000 /* destinations; the odd ones never answer */

static struct memory *hammered;
static _Atomic unsigned int lies;

static void *hammer(void *seed)
{
	uint64_t state = (uintptr_t)seed * 0x9e3779b97f4a7c15u;

	for (int i = 0; i < HAMMERS; i++) {
		struct addr to;
		struct memory_view v;
		uint32_t n, program;

		state = state * 6364136223846793005u + 1442695040888963407u;
		n = (uint32_t)(state >> 33) % HAMMERED;
		program = (uint32_t)(state >> 20) % 3 + 1;
		to = dest(n);
		if (n % 2)
			memory_count(hammered, &to, OUTCOME_plain);
		else if (i % 5)
			memory_answered(hammered, &to);
		else
			memory_failed(hammered, &to);
		memory_habit(hammered, &to, program, (enum habit)program);
		memory_ask(hammered, &to, program, FOR_S, &v);
		if ((n % 2 && v.answered) ||
		    (v.habit != HABIT_UNKNOWN && v.habit != (enum habit)program))
			atomic_fetch_add(&lies, 1);
	}
	return NULL;
}

static void hammer_in_threads(uintptr_t seed)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, hammer,
						(void *)(seed * THREADS + i + 1)),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

START_TEST(memory_is_hammered)
{
	int status;

	hammered = new_memory();
	for (uintptr_t i = 1; i < PROCESSES; i++) {
		if (fork())
			continue;
		hammer_in_threads(i);
		_exit(lies != 0);
	}
	hammer_in_threads(0);
	ck_assert_uint_eq(lies, 0);
	for (int i = 1; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, memory_is_ours);
	tcase_add_test(c, memory_proves);
	tcase_add_test(c, memory_keeps_habits);
	tcase_add_test(c, memory_ages);
	tcase_add_test(c, memory_counts);
	tcase_add_test(c, memory_takes_over);
	tcase_add_test(c, memory_keeps_the_young);
	tcase_add_test(c, memory_survives_garbage);
	tcase_add_test(c, memory_is_hammered);
}

int main(void)
{
	return unit_run("memory", all);
}
