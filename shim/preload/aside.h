/* SPDX-License-Identifier: MIT */
/*
 * aside: where our own system calls, or our knowing only half, could do harm, we stand
 * aside for good: nothing is held back any more, and one line says why.
 */
#ifndef PRELOAD_ASIDE_H
#define PRELOAD_ASIDE_H

#include <stdbool.h>

/*
 * Before the process filters its own system calls (seccomp(2)): it admits those that it
 * makes itself, and may be killed by ours.  What is pending is ended first, which may
 * take LINGER_END_MS.  false: we stood aside before.
 */
bool aside_for_cage(void);
/* The kernel did not take that filter. */
void aside_over(void);
/* io_uring(7): reads that no hook sees would wait for a SYN that is held back. */
void aside_for_ring(void);

#endif
