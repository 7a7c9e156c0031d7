/* SPDX-License-Identifier: MIT */
/*
 * lint: what is no error in a policy and yet hardly meant: a section that never holds,
 * since those before it take all it names, and one that sets nothing.
 */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include "core/policy.h"

/* Each finding is one line on stderr; their number. */
unsigned int lint_policy(const struct policy *p);

#endif
