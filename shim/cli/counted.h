/* SPDX-License-Identifier: MIT */
/*
 * counted: what all programs did, to look at: a copy of the moment, checked; or the
 * file itself, to say that somebody watches and to read events as they come.
 */
#ifndef CLI_COUNTED_H
#define CLI_COUNTED_H

#include "cli/process.h"
#include "core/guest.h"
#include "core/text.h"
#include "core/traffic.h"

/*
 * free() it.  NULL: why says so, in half a sentence; ret_none: it is just that no
 * connection was made here yet.
 */
struct traffic *counted_read(struct text *why, bool *ret_none);
/* The file itself, mapped, shared and writable. */
struct traffic *counted_map(struct text *why, bool *ret_none);
/*
 * f for each process of those rows that still runs, as the one that it was: with what
 * it counted, and as /proc shows it here, whatever its number is to itself.
 */
void counted_running(const struct traffic *t,
		     void (*f)(const struct guest_view *g, const struct process *p,
			       void *with),
		     void *with);

#endif
