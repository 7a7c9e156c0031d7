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
/* Is it in more than one set?  Then the memo does not know of all. */
bool epoll_in_several(int fd);
/* Is it what an event with this data, of this set, is about? */
bool epoll_means(int fd, int set, uint64_t data);
/* ... and is no other descriptor of the set meant by the same data? */
bool epoll_means_only(int fd);
/* The events that would be no news to it. */
uint32_t epoll_ready(int fd);
/* An event that has been taken out of a wait's result comes again while it is true. */
bool epoll_again(int fd);
/* After a successful EPOLL_CTL_DEL, and when the number is a new descriptor's. */
void epoll_clear(int fd);
/* The number `from` goes, its registrations stay, as long as `to` is open. */
void epoll_inherited(int from, int to);
/* Takes the registration away; false: it may be in a set that we do not know. */
bool epoll_forget(int fd);

#endif
