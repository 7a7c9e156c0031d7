/* SPDX-License-Identifier: MIT */
/*
 * tally: one line for each connection: in the counters of all programs, for whoever
 * watches, and in the log.  async-signal-safe.
 */
#ifndef PRELOAD_TALLY_H
#define PRELOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/memory.h"
#include "preload/slot.h"

/* By which this program is known; without /proc it shares the empty name. */
uint32_t tally_program(void);
/* It has ended, or answered: its one record. */
void tally_connection(struct slot *s, const struct memory_end *end,
		      const struct tcp_facts *f);
/* It was none of ours. */
void tally_declined(const struct addr *to, enum reason why);
/* At the end of the process: what was only added up here. */
void tally_settle(void);
/* ... which in a fork child is its parent's to do. */
void tally_copied(void);

#endif
