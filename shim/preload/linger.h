/* SPDX-License-Identifier: MIT */
/*
 * linger: connections that the program has closed while their handshake was under way.
 * To close them would throw away what the program believes sent, so a hidden duplicate
 * (close-on- exec, a high number, a bounded list) waits for the handshake to end.
 * async-signal-safe.
 */
#ifndef PRELOAD_LINGER_H
#define PRELOAD_LINGER_H

#include <stdbool.h>

#include "preload/slot.h"

/* Takes over the connection of fd; false: no room, the caller waits for the handshake.
 */
bool linger_add(int fd, const struct slot *s);
extern HIDDEN _Atomic int linger_count;

static inline bool linger_any(void)
{
	return atomic_load_explicit(&linger_count, memory_order_relaxed) > 0;
}

/* Is this number one of ours?  Then the program has no such descriptor. */
bool linger_is_ours(int fd);
/* The program is about to take this very number: move out of the way. */
void linger_move(int fd);
/* Closes what has ended, without waiting. */
void linger_reap(void);
/* Before a sleep: waits for each at most until a second after its close. */
void linger_settle(void);
/* At the end of the process: waits as long as each connection itself would. */
void linger_wait(void);
/* In a fork child: the copies are closed, the parent has the originals. */
void linger_drop(void);
/* The lowest of our numbers that is >= from and <= to, or -1. */
int linger_between(unsigned int from, unsigned int to);

#endif
