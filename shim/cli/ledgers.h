/* SPDX-License-Identifier: MIT */
/*
 * ledgers: which ledgers there are: of programs that run, and the pages that dead ones
 * left. Finds them and refuses what is none. What they mean is left to others.
 */
#ifndef CLI_LEDGERS_H
#define CLI_LEDGERS_H

#include "cli/page.h"
#include "cli/process.h"

struct ledgers_one {
	struct page page;
	const struct process *process; /* NULL: it runs no more, as far as one sees */
	const char *path; /* of its file, for people; NULL: it keeps none, and the page
			     says nothing */
};

/* What there was besides. */
struct ledgers_tally {
	unsigned int found;
	unsigned int refused; /* no ledgers, or unreadable: each has been told of */
	unsigned int running; /* processes that were meant */
	bool is_hidden;	      /* one of them may not be looked into */
};

/*
 * Tells f of each ledger: who is a pid, a program's name or path, or NULL: all. First
 * the running ones, by pid.
 */
void ledgers_each(const char *who, void (*f)(const struct ledgers_one *one, void *with),
		  void *with, struct ledgers_tally *ret);

#endif
