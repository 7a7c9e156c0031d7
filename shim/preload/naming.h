/* SPDX-License-Identifier: MIT */
/*
 * naming: which socket it is that has a number.  Short-lived ones are known by their
 * number alone, for no system call is as cheap as they are; who lives on is asked for
 * the name that the kernel has for it, and for its peer.  So a number that changed
 * hands unseen is not taken for what it was.  async-signal-safe.
 */
#ifndef PRELOAD_NAMING_H
#define PRELOAD_NAMING_H

#include <stdbool.h>

#include "core/ledger.h"

/* fd was born, or is to have a peer; it is asked when it is one of the older ones. */
void naming_put(struct ledger *l, int fd, bool with_peer);
/* All that were put are asked now. */
void naming_all(struct ledger *l);
/* Sockets may come and go unseen (io_uring(7)): from now on they are asked at once. */
void naming_careful(void);

#endif
