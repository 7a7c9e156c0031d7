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
#include "core/traffic.h"
#include "preload/slot.h"

/* By which this program is known; without /proc it shares the empty name. */
uint32_t tally_program(void);
/* It has ended, or answered: its one record. */
void tally_connection(struct slot *s, const struct memory_end *end,
		      const struct tcp_facts *f);
/* It was none of ours. */
void tally_declined(const struct addr *to, enum reason why);
/* What was only added up here so far. */
void tally_settle(void);
/* ... which in a fork child is its parent's to do. */
void tally_copied(void);
/* So many listeners more, or fewer, have Fast Open from us. */
void tally_listens(int more);
/* This process stands aside from now on, or no longer. */
void tally_aside(enum traffic_aside why);
/* close() of a socket failed so. */
void tally_close_errors(enum traffic_close kind, uint32_t n);
/* The end of the process, or of this program in it. */
void tally_end(void);

#endif
