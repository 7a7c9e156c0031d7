/* SPDX-License-Identifier: MIT */
/*
 * seat: this process's row among the guests (core/guest): taken at its first connection
 * or listener, given back at its end, another one in each fork child and after each
 * exec.  What is not counted but true at the moment (listeners, standing aside) is kept
 * here, so that a row that got lost is as it was.  async-signal-safe.
 */
#ifndef PRELOAD_SEAT_H
#define PRELOAD_SEAT_H

#include "core/traffic.h"

/* NULL: there is no room.  program: by which it is known, for a new row. */
struct traffic_guest *seat_of(struct traffic *t, uint32_t program);
/* So many more, or fewer: written down with the next connection where none is there. */
void seat_listens(int more);
void seat_aside(enum traffic_aside why);
enum traffic_aside seat_is_aside(void);
/* What both came to, into the row. */
void seat_tell(struct traffic_guest *g);
bool seat_is_taken(void);
/* The process ends, or this program of it does. */
void seat_leave(struct traffic *t);
/* In a fork child: the row is its parent's. */
void seat_copied(void);

#endif
