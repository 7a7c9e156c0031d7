/* SPDX-License-Identifier: MIT */
/*
 * live: the policy in force.  Loaded when it is first asked for, looked at again twice
 * a second at most, swapped whole; a bad file never takes a good one's place, and where
 * there never was a good one nothing is done at all.  No thread, no signal; any thread
 * may ask, signal handlers too.
 */
#ifndef CORE_LIVE_H
#define CORE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/rule.h"

/* What a rule says, all of it: the policy may be another one the moment after. */
struct live_rule {
	bool says_something;				   /* else all are defaults */
	int64_t value[KEYS];				   /* RULE_UNSET: leave it */
	char congestion[16], key_file[256], suppress[256]; /* empty: leave it */
};

/* setting: TFOSHIM_POLICY, or NULL; it is copied. */
void live_setup(const char *setting);
/*
 * At the start of the process: what the program does later (chroot, another user or
 * directory, all descriptors used) is no reason not to know the policy.
 */
void live_begin(void);
/*
 * The rule for this address (and the name it was found by, or NULL), or the defaults.
 * false: the policy cannot be read, so nothing is to be done.
 */
bool live_ask(enum rule_section section, const struct addr *to, const char *host,
	      struct live_rule *ret);
/* Another number whenever the policy may have changed. */
unsigned int live_generation(void);
/* Is any connect rule found by a name? */
bool live_wants_names(void);
/* ... by this one? */
bool live_names(const char *host);
/* In a fork child: other threads' turns are over. */
void live_after_fork(void);

#endif
