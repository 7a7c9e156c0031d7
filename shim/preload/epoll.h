/* SPDX-License-Identifier: MIT */
/*
 * epoll: what the program asked epoll about a descriptor, so that an edge that the
 * deferring swallowed can be given back, and a registration taken away before its
 * descriptor lingers on under another number.  A memo: a wrong one meets ENOENT in the
 * kernel.  async-signal-safe.
 */
#ifndef PRELOAD_EPOLL_H
#define PRELOAD_EPOLL_H

#include <sys/epoll.h>

/* After a successful EPOLL_CTL_ADD or MOD. */
void epoll_remember(int set, int fd, const struct epoll_event *e);
/* An edge-triggered registration made before connect() gets its event armed again. */
void epoll_rearm(int fd);
void epoll_forget(int fd);

#endif
