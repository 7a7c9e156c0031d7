/* SPDX-License-Identifier: MIT */
/*
 * watch: what the program does with its connection: when it learns that it is
 * connected, who speaks first, and how soon.  Changes nothing on the socket.
 * async-signal-safe.
 */
#ifndef PRELOAD_WATCH_H
#define PRELOAD_WATCH_H

#include <sys/types.h>

#include "preload/slot.h"

/* How long after connect() a first write still counts as "at once". */
#define WATCH_PROMPT_US 5000

/* A wait of this thread reported descriptors ready: it may know of a connection now. */
void watch_told(void);
/* The program asked SO_ERROR, and the kernel said e. */
void watch_told_error(int fd, int e);
/* A read returned n (errno as libc left it). */
void watch_heard(int fd, ssize_t n);
/* A write is about to be made: was the first one prompt? */
void watch_writes(struct slot *s, int fd);

#endif
