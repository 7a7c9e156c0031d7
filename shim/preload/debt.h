/* SPDX-License-Identifier: MIT */
/*
 * debt: SYNs that are held back are owed.  Lets them go: one, what a thread owes, what
 * a process owes; and waits, within bounds, where a program was told that it is
 * connected. async-signal-safe.
 */
#ifndef PRELOAD_DEBT_H
#define PRELOAD_DEBT_H

#include <stdbool.h>

/* The SYN leaves now, with the cookie and without data, if it is still held back. */
void debt_materialize(int fd);
/*
 * ... and a program that was told it is connected finds it connected: within so many
 * milliseconds, since an event loop must not stand still for a host that has gone.
 */
#define DEBT_SETTLE_MS 1500 /* a SYN that was lost is sent again after a second */
void debt_settle(int fd, int timeout_ms);
/* the same for a call that, if it waits, does so by itself on a blocking descriptor. */
void debt_force(int fd, bool waits);
/*
 * Before a wait: connections that the program was told it may write to, and whose SYN
 * went alone since, are waited for; so they are writable to whoever asks again.
 * Negative: a signal ended that, see kernel_release().
 */
int debt_keep_word(void);
/* All that this thread owes; all of the process. */
void debt_pay(void);
void debt_pay_all(void);
/* What it owes to listeners of this host; false: nothing. */
bool debt_pay_here(void);
/* What a new program will find among its descriptors is connected, as it was told. */
void debt_settle_inherited(void);
/* What this thread has owed for longer than WATCH_PROMPT_US. */
void debt_pay_overdue(void);
bool debt_is_overdue(int fd);

#endif
