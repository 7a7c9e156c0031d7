/* SPDX-License-Identifier: MIT */
/*
 * fuzz_memory: the shared file holds the input over and over; then it is used.  Nothing
 * crashes, and what was just learned is known.
 */
#include <string.h>

#include "core/memory.h"
#include "fuzz.h"

#define FOR_S 600

static struct memory m; /* a global has a red zone */

static void fill(const uint8_t *bytes, size_t n)
{
	uint8_t *at = (uint8_t *)&m;
	size_t have = n < sizeof(m) ? n : sizeof(m);

	memset(at, 0, sizeof(m));
	if (!n)
		return;
	memcpy(at, bytes, have);
	while (have < sizeof(m)) {
		size_t more = sizeof(m) - have < have ? sizeof(m) - have : have;

		memcpy(at + have, at, more);
		have += more;
	}
}

static void use(const struct addr *to, uint8_t how)
{
	enum habit habit = (enum habit)(how >> 3) % (HABIT_WROTE_LATE + 1);
	struct memory_view v;

	memory_ask(&m, to, how, UINT32_MAX, &v);
	MUST(v.habit >= HABIT_UNKNOWN && v.habit <= HABIT_WROTE_LATE);
	memory_habit(&m, to, how, habit);
	if (how & 1)
		memory_count(&m, to, (enum outcome)((how >> 1) % OUTCOMES));
	if (how & 2) {
		memory_answered(&m, to);
		memory_ask(&m, to, how, FOR_S, &v);
		MUST(v.answered);
	}
	if (how & 4) {
		memory_failed(&m, to);
		memory_ask(&m, to, how, UINT32_MAX, &v);
		MUST(!v.answered);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fill(bytes, n);
	if (!memory_ready(&m))
		atomic_store(&m.magic, 0);
	MUST(memory_ready(&m));
	for (size_t i = 0; i < n && i < 64; i++) {
		struct addr to = { .ip = { 10, 0, 0, bytes[i] & 7 },
				   .port = bytes[n - 1 - i] & 3,
				   .version = 4 };

		use(&to, bytes[i]);
	}
	return 0;
}
