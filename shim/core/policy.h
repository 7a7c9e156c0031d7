/* SPDX-License-Identifier: MIT */
/*
 * policy: text -> rules, and rules -> text; print(parse(x)) is a fixed point.  It reads
 * no file and does not know which rule holds where (core/match).
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/parser.h"
#include "core/rule.h"
#include "core/sink.h"

struct policy {
	struct arena arena;
	struct rule_list rules;
};

/*
 * Appends the sections in these n bytes; `file` is what errors and rules call them and
 * has to live as long as the policy.  Every error is told; false: there was one.
 */
bool policy_parse(struct policy *p, const char *file, const char *bytes, size_t n,
		  const struct policy_reader *reader);
void policy_print(const struct policy *p, const struct sink *to);
void policy_drop(struct policy *p);

#endif
