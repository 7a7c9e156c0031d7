/* SPDX-License-Identifier: MIT */
/*
 * unclosed: looks at one ledger: which of its sockets are open and old, the names of
 * the places that they come from, and which of them are meant to stay. What is said of
 * it is left to others.
 */
#ifndef CLI_UNCLOSED_H
#define CLI_UNCLOSED_H

#include "cli/leaked.h"

struct unclosed_asked {
	int64_t min_age_ms;
	bool all;		   /* also what is young */
	const struct meant *meant; /* NULL: what its policy says */
	/* symbols_find(), or what does the same */
	void (*find)(struct symbols *s, const struct ledger *l,
		     const struct process *p);
};

/* false: no memory. */
bool unclosed_look(const struct ledgers_one *one, const struct unclosed_asked *asked,
		   struct leaked *ret);
void unclosed_drop(struct leaked *k);

#endif
