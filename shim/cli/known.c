/* SPDX-License-Identifier: MIT */
/* known: the memory of destinations, to look at; see known.h. */
#include "cli/known.h"

#include "cli/statefile.h"

static bool ready(void *at)
{
	return memory_ready(at);
}

static const struct statefile file = { MEMORY_FILE, sizeof(struct memory), ready };

struct memory *known_read(struct text *why, bool *ret_none)
{
	return statefile_read(&file, why, ret_none);
}

struct memory *known_map(struct text *why, bool *ret_none)
{
	return statefile_map(&file, why, ret_none);
}

struct memory *known_make(struct text *why)
{
	return statefile_make(&file, why);
}

const char *known_habit(enum habit h)
{
	switch (h) {
	case HABIT_UNKNOWN:
		break;
	case HABIT_WRITES_FIRST:
		return "writes_first";
	case HABIT_READS_FIRST:
		return "reads_first";
	case HABIT_KNOCKS:
		return "knocks";
	case HABIT_WROTE_LATE:
		return "wrote_late";
	}
	return "unknown";
}

struct memory_rule known_rule(const struct rule *rule)
{
	return memory_rule_of(
		rule_value(rule, KEY_proven_for), rule_value(rule, KEY_strikes),
		rule_value(rule, KEY_pause), rule_value(rule, KEY_slower_than));
}
