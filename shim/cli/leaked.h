/* SPDX-License-Identifier: MIT */
/*
 * leaked: what tfo leaks found out about one process: as text, the worst first. As
 * JSON: leaked_json.
 */
#ifndef CLI_LEAKED_H
#define CLI_LEAKED_H

#include "cli/ledgers.h"
#include "cli/meant.h"
#include "cli/places.h"
#include "cli/symbols.h"

struct leaked {
	const struct ledgers_one *one;
	const struct ledger *l; /* its page */
	struct places places;
	struct symbols symbols;
	struct meant own; /* what its policy says may stay open */
	char program[PATH_MAX];
	int64_t min_age_ms;
	bool all;		/* also what is young or meant to stay open */
	unsigned int unclosed;	/* sockets: old enough, not listening, not meant */
	unsigned int listening; /* ... of those that are old enough */
	unsigned int meant;	/* sockets that are meant to stay open */
	unsigned int findings;
};

void leaked_show(const struct leaked *k);

/* socket, accept, ... */
const char *leaked_kind(enum ledger_kind kind);
/* Shall this place be shown? */
bool leaked_shows(const struct leaked *k, const struct place *p);
/* The language whose frames are missing on this stack, or NULL. */
const char *leaked_language(const struct leaked *k, const struct ledger_place *p);
/* Which call it was that went wrong, or one like it. */
const char *leaked_call(const struct ledger_case *c);

#endif
