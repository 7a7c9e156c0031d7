/* SPDX-License-Identifier: MIT */
/* hooks_sleep: the body of a hook whose call sleeps. */
#ifndef PRELOAD_HOOKS_SLEEP_H
#define PRELOAD_HOOKS_SLEEP_H

#include <errno.h>

#include "preload/hooks.h"
#include "preload/pause.h"

/*
 * A signal may come while we wait before the call. What its own answer to that would
 * have been is the third column of signal(7)'s "Interruption of system calls": calls go
 * on after handlers with SA_RESTART (RESTARTS), after none (ENDS), after all (GOES_ON).
 */
#define GOES_ON(cut) ((cut) > 0) /* never */
#define RESTARTS(cut) ((cut) == -EINTR)
#define ENDS(cut) ((cut) != 0)

#define SLEEP(type, when, call) \
	do { \
		int cut; \
		type r; \
		if (quiet()) \
			return call; \
		cut = pause_before(LINGER_SETTLE_MS); \
		if (when(cut)) { \
			pause_after(); \
			return (type)answer(-EINTR); \
		} \
		r = call; \
		pause_after(); \
		return r; \
	} while (0)

#endif
