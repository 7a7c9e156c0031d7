/* SPDX-License-Identifier: MIT */
/*
 * death: descriptors that are closed, and processes that end.  Whatever the program
 * believes sent is sent; a connection nobody wrote to is still seen by its server.
 */
#ifndef PRELOAD_DEATH_H
#define PRELOAD_DEATH_H

#include <stdbool.h>

/* This descriptor is about to be closed. */
void death_of(int fd);
/* ... and all from first to last. */
void death_range(unsigned int first, unsigned int last);
/* The process is about to end, but its own last words are still to come ... */
void death_is_near(void);
/* ... and so sudden that nobody will ask again: what is known is written down now. */
void death_is_sudden(void);
/* ... or are said. */
void death_of_process(void);
/* exec, which may fail: what it would close may open first, the rest lives on. */
void death_by_exec(void);
/* dup: another number for the same connection. */
void death_shared(int from, int to);
/* fork: another process holds the same connections; in the child, all are copies. */
void death_shared_by_fork(void);
void death_copied_by_fork(void);

#endif
