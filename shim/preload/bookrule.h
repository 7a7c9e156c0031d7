/* SPDX-License-Identifier: MIT */
/*
 * bookrule: what is asked of the ledger: by TFOSHIM_LEAKS, else by the policy's section
 * [leaks].  async-signal-safe.
 */
#ifndef PRELOAD_BOOKRULE_H
#define PRELOAD_BOOKRULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/real.h"

enum book_mode {
	BOOK_OFF,
	BOOK_COUNT,
	BOOK_EXIT,
	BOOK_FATAL
}; /* as the policy's words */

struct bookrule {
	enum book_mode mode;
	bool whole_stacks;
	int warn_at; /* percent; 0: no report but at the end */
	char suppress[256];
};

/* TFOSHIM_LEAKS, or NULL. */
void bookrule_setup(const char *setting);
/* It is off for good, whatever the policy says. */
bool bookrule_is_off(void);
void bookrule_now(struct bookrule *ret);
/* Looks whether the policy has changed; then these are what it says. */
void bookrule_ask(void);
extern HIDDEN _Atomic uint8_t bookrule_mode;
extern HIDDEN _Atomic bool bookrule_whole;
extern HIDDEN _Atomic uint32_t bookrule_warn_from; /* descriptors from this one on */
/* Is this number so high that somebody should be told? */
bool bookrule_is_crowd(uint32_t fd);
/* RLIMIT_NOFILE */
uint32_t bookrule_limit(void);

#endif
