/* SPDX-License-Identifier: MIT */
/*
 * unclosed: the report of sockets that nobody closed, and of bad closes: at the end of
 * the process, where the policy asks for it, and when descriptors run out.  Only what
 * the kernel confirms, worst place first; once.
 */
#ifndef PRELOAD_UNCLOSED_H
#define PRELOAD_UNCLOSED_H

/* At the start of the process. */
void unclosed_setup(void);
/* exit() was called with this status; what else ends the process has none. */
void unclosed_status(int status);
/* The last moment of the process; the status that it ends with. */
int unclosed_at_end(int status);
/* Our destructor runs: the last moment where libc has no later one. */
void unclosed_at_unload(void);
/* Descriptors run out. */
void unclosed_crowd(void);

#endif
