/* SPDX-License-Identifier: MIT */
/*
 * learn: what this program knows and adds to what all know.  Maps the shared memory of
 * destinations at the first need, knows the program's own name, and writes down each
 * connection once: outcome, answer, who spoke first.  async-signal-safe.
 */
#ifndef PRELOAD_LEARN_H
#define PRELOAD_LEARN_H

#include <stdbool.h>

#include "core/memory.h"
#include "preload/slot.h"

/* From the environment, read once; either may be NULL.  The strings must stay. */
void learn_setup(const char *state, const char *runtime_dir);
/* What is known of `to`, and by this program. */
#define LEARN_PROVEN_S 600
#define LEARN_SILENCE_US 1000000 /* the first SYN is sent again after a second */
void learn_ask(const struct addr *to, uint32_t proven_for_s, struct memory_view *ret);
/* Refused, reset, timed out: for everybody. */
void learn_failed(const struct addr *to);
/* A connection has ended by r, a negative errno: the slot is plain, the memory knows.
 */
void learn_ended(int fd, struct slot *s, int r);
/* Data in its SYN was what this connection was lost by, at first. */
void learn_strike(int fd, struct slot *s);
/* This errno of a connection says that the destination does not answer. */
bool learn_is_failure(int e);
/* The connection's one record: called when its first byte came back, or at its end. */
void learn_connection(int fd, struct slot *s);

/*
 * A connection whose SYN had to be sent again un-proves its destination at once: a
 * program may give up long before TCP does.  One; all, twice a second at most.
 */
void learn_silence_of(int fd, struct slot *s);
void learn_silence(uint64_t now_us);

#endif
