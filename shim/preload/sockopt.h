/* SPDX-License-Identifier: MIT */
/*
 * sockopt: the socket options that the policy asks for (socket(7), tcp(7)).  What the
 * program sets itself wins: before, by a note of it; after, by itself.  Accepted
 * sockets inherit all but TCP_QUICKACK from their listener (Linux).
 */
#ifndef PRELOAD_SOCKOPT_H
#define PRELOAD_SOCKOPT_H

#include <stdbool.h>

#include "core/live.h"
#include "preload/slot.h"

/* The program has set this option itself. */
void sockopt_own(int fd, int level, int name);
bool sockopt_own_key(int fd);
bool sockopt_own_no_cookie(int fd);
/* A new descriptor has this number; or it is another one's duplicate. */
void sockopt_born(int fd);
void sockopt_copied(int from, int to);
/* Before connect(), before bind(), before listen(). */
void sockopt_client(int fd, const struct live_rule *r);
void sockopt_bound(int fd, const struct live_rule *r);
void sockopt_listener(int fd, const struct live_rule *r);
void sockopt_accepted(int listener, int fd);

/* Off: nothing is set after a read any more. */
void sockopt_switch(bool to);
extern HIDDEN _Atomic bool sockopt_off;
/* TCP_QUICKACK is forgotten by the kernel: after each read it is set again. */
static inline bool sockopt_is_quick(int fd)
{
	return slot_marked(fd, MARK_QUICK) &&
	       !atomic_load_explicit(&sockopt_off, memory_order_relaxed);
}
void sockopt_quick(int fd);

#endif
