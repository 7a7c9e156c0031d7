/* SPDX-License-Identifier: MIT */
/*
 * learn: what this program knows of destinations and adds to what all know: each
 * connection once, with its outcome, its answer, and who spoke first.
 * async-signal-safe.
 */
#ifndef PRELOAD_LEARN_H
#define PRELOAD_LEARN_H

#include <stdbool.h>

#include "core/memory.h"
#include "preload/slot.h"

#define LEARN_SILENCE_US 1000000 /* the first SYN is sent again after a second */
/* What is known of `to`, and by this program; and what follows: see core/memory. */
void learn_ask(const struct addr *to, const struct memory_rule *rule,
	       struct memory_view *ret);
enum reason learn_gate(const struct addr *to, const struct memory_view *seen);
bool learn_is_baseline(const struct addr *to, uint32_t one_in);
/* Has it answered within ten minutes, and not failed since? */
bool learn_answered(const struct addr *to);
/* Refused, reset, timed out: for everybody. */
void learn_failed(const struct addr *to);
/* A connection has ended by r, a negative errno: the slot is plain, the memory knows.
 */
void learn_ended(int fd, struct slot *s, int r);
/* This errno of a connection says that the destination does not answer. */
bool learn_is_failure(int e);
/* The connection's one record: when its first byte has come just now; or at its end. */
void learn_first_byte(int fd, struct slot *s);
void learn_connection(int fd, struct slot *s);
/* ... of one that is none of ours: it goes plainly. */
void learn_declined(const struct addr *to, enum reason why);
/* The program gives it up while its SYN is unanswered. */
void learn_given_up(int fd, struct slot *s);
/* Data in its SYN was the connection's end, or would have been. */
void learn_strike(int fd, struct slot *s);

/*
 * A connection whose SYN had to be sent again un-proves its destination at once: a
 * program may give up long before TCP does.  One; all, twice a second at most.
 */
void learn_silence_of(int fd, struct slot *s);
void learn_silence(uint64_t now_us);

#endif
