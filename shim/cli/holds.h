/* SPDX-License-Identifier: MIT */
/*
 * holds: what sockets a process holds at this moment, by the kernel's word alone: how
 * many, and where it listens. It works for processes that keep no ledger.
 */
#ifndef CLI_HOLDS_H
#define CLI_HOLDS_H

#include "cli/process.h"
#include "cli/sockets.h"

#define HOLDS_LISTENERS 16

struct holds {
	bool is_seen;		  /* else the process is another user's, or gone */
	bool is_told;		  /* connections and listeners are known, too */
	unsigned int sockets;	  /* of all kinds */
	unsigned int connections; /* TCP, with another end */
	unsigned int listeners;	  /* TCP; the first of them are at[] */
	struct addr at[HOLDS_LISTENERS];
};

/* The sockets of our own network namespace are asked for once; zeroed: not yet. */
struct holds_tables {
	struct sockets own;
	bool is_read, is_whole;
};

void holds_read(const struct process *p, struct holds_tables *t, struct holds *ret);
void holds_drop(struct holds_tables *t);

#endif
