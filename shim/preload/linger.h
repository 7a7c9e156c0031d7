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

/*
 * Takes over the connection of fd.  Where there is no room the oldest has to go: it had
 * its chance; where there are no descriptors, this one waits a moment: false.
 */
bool linger_add(int fd, const struct slot *s);
/* The same for a connection that stays open, but whose sending side has been shut. */
bool linger_shut(int fd, const struct slot *s);
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
/*
 * A handshake that takes longer than LINGER_SETTLE_MS is not waited for by a sleep, one
 * that takes longer than LINGER_END_MS (four SYNs: at 0, 1, 2, 3 s) not by the end of a
 * process.
 */
#define LINGER_SETTLE_MS 250
#define LINGER_END_MS 4000
/*
 * Before a sleep on fd (-1: on something else): until its event comes, they have ended,
 * or a signal; then negative as from kernel_release().
 */
int linger_settle(int fd, short events, int patience_ms);
/* At the end of the process. */
void linger_wait(void);
/* In a fork child: the copies are closed, the parent has the originals. */
void linger_drop(void);
/* The lowest of our numbers that is >= from and <= to, or -1. */
int linger_between(unsigned int from, unsigned int to);

#endif
