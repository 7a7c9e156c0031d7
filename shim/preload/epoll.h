/* SPDX-License-Identifier: MIT */
/*
 * epoll: what the program asked epoll about a descriptor, so that an edge that the
 * deferring swallowed can be given back, and a registration taken away before its
 * descriptor lingers on under another number.  A memo: a wrong one meets ENOENT in the
 * kernel.  async-signal-safe.
 */
#ifndef PRELOAD_EPOLL_H
#define PRELOAD_EPOLL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* After a successful EPOLL_CTL_ADD or MOD. */
void epoll_remember(int set, int fd, const struct epoll_event *e);
/* An edge-triggered registration made before connect() gets its event armed again. */
void epoll_rearm(int fd);
/* Was one of these events asked for, of any set? */
bool epoll_asked(int fd, uint32_t events);
/* After a successful EPOLL_CTL_DEL, and when the number is a new descriptor's. */
void epoll_clear(int fd);
/* The number `from` goes, its registrations stay, as long as `to` is open. */
void epoll_inherited(int from, int to);
/* Takes the registration away; false: it may be in a set that we do not know. */
bool epoll_forget(int fd);

#endif
