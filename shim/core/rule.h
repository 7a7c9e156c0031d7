/* SPDX-License-Identifier: MIT */
/*
 * rule: a section of a policy file: where it holds and what it sets.  The keys are the
 * rows of policy_keys.def: names, types, bounds, defaults, printer, manual.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include <stdint.h>

#include "core/scope.h"
#include "core/sink.h"
#include "core/value.h"

enum rule_section {
	SECTION_connect = 1,
	SECTION_listen = 2,
	SECTION_leaks = 4,
	SECTION_log = 8,
};

enum rule_key {
#define KEY(id, name, sections, type, least, most, standard, words, does) KEY_##id,
#include "core/policy_keys.def"
#undef KEY
	KEYS
};

#define RULE_UNSET INT64_MIN

struct rule_setting {
	enum rule_key key;
	int64_t value;
	const char *text; /* of the text types */
	struct rule_setting *next;
};

struct rule {
	enum rule_section section;
	const char *file;
	unsigned int line;
	struct scope_target *targets; /* none: everywhere */
	struct scope_who *programs, *users;
	struct rule_setting *settings; /* in the order of the keys */
	struct rule *next;
};

struct rule_list {
	struct rule *first, *last;
	unsigned int n;
};

struct rule_about {
	const char *name, *standard, *does;
	unsigned int sections; /* enum rule_section */
	enum value_type type;
	int64_t least, most;
};

const struct rule_about *rule_about(enum rule_key k);
/* One section's name; of several the first. */
const char *rule_section_name(unsigned int sections);
int64_t rule_standard(enum rule_key k);
/* What the rule says of this key, or its default where it (or NULL) says nothing. */
int64_t rule_value(const struct rule *r, enum rule_key k);
/* The same for the text types; NULL: nothing. */
const char *rule_text(const struct rule *r, enum rule_key k);
void rule_print(const struct rule *r, const struct sink *to);

#endif
