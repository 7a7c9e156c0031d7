/* SPDX-License-Identifier: MIT */
/*
 * match: which rule holds.  The rules of a policy that concern one program and one user
 * are laid out once, so that the first rule that matches is found without looking at
 * the others.
 */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include "core/addr.h"
#include "core/policy.h"

struct match;

/* Who asks. */
struct match_self {
	const char *program; /* the path of its file */
	uint32_t uid;
	const char *user_name; /* may be NULL */
};

/*
 * Lays the policy's rules out, in its arena; they live as long as it does.  NULL: no
 * memory.
 */
struct match *match_build(struct policy *p, const struct match_self *self);
/*
 * The first rule of that section that names this address and port, or the name that the
 * address was looked up by (lower case, without the dot at its end; may be NULL). NULL:
 * none.  Of SECTION_leaks and SECTION_log: the first that concerns the program; `to`
 * may then be NULL.
 */
const struct rule *match_find(const struct match *m, enum rule_section section,
			      const struct addr *to, const char *host);
/* Is any connect rule found by this very name, whatever the port? */
bool match_names(const struct match *m, const char *host);
/* Is any rule found by a name? */
bool match_wants_names(const struct match *m);

#endif
