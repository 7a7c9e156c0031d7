/* SPDX-License-Identifier: MIT */
/*
 * sift: what a wait of an event loop found, before the program sees it.  A connection
 * that is opened again was refused a moment ago: its ERR and HUP are not true any more
 * and are taken out; where nothing is left the wait goes on, or, where it cannot any
 * more, the connection is said to be ready, which costs the program one EAGAIN.
 * async-signal-safe.
 */
#ifndef PRELOAD_SIFT_H
#define PRELOAD_SIFT_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "preload/kept.h"
#include "preload/pause.h"

/* Each is given, and returns, the number of what was found. */
int sift_poll(struct pollfd *p, nfds_t n, int found, bool may_go_on);
int sift_epoll(int set, struct epoll_event *e, int found, bool may_go_on);
/* sets: what was asked; where that is not known, what was found stays. */
int sift_select(const struct pause_sets *sets, int n, int found);

#endif
