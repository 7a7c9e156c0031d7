/* SPDX-License-Identifier: MIT */
/*
 * account: a report about a ledger, as lines of text: which places have how many open
 * sockets that the kernel confirms, the worst first; what was closed twice.
 * async-signal-safe, in memory of its own for as long as it lasts.
 */
#ifndef PRELOAD_ACCOUNT_H
#define PRELOAD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ledger.h"

struct account {
	const struct ledger *l;
	struct account_group *group; /* by site; one for each place */
	uint32_t now;		     /* as a birth's time */
	unsigned int sockets, places, findings;
};

/*
 * Counts; suppress is a file or empty.  false: no memory.  account_close() gives it
 * back.
 */
bool account_open(struct account *a, const struct ledger *l, const char *suppress);
/* Says it all, but of at most so many places. */
void account_tell(const struct account *a, unsigned int most);
void account_close(struct account *a);

#endif
