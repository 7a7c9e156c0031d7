/* SPDX-License-Identifier: MIT */
/*
 * verdict: what would happen to a connection or a listener, in one sentence, from all
 * that is known of it. It goes the way of preload/client and preload/listener, and asks
 * nobody itself.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "cli/cookie.h"
#include "core/memory.h"
#include "core/rule.h"

struct verdict_facts {
	enum rule_section section;
	const struct rule *rule; /* NULL: the defaults */
	bool is_bad;		 /* the policy has errors */
	const struct addr *at;
	bool has_program;
	const struct memory_view *memory; /* NULL: not known */
	int kernel;			  /* what cookie_ask() said */
	const struct cookie *cookie;
};

/* A word for programs, and a sentence without its end, into room. */
const char *verdict_of(const struct verdict_facts *f, struct text *room);

#endif
