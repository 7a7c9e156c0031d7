/* SPDX-License-Identifier: MIT */
/*
 * retry: the program's calls on a connection that may have to be opened again, or is
 * being opened: what comes before one, and whether it is made once more.
 * async-signal-safe.
 */
#ifndef PRELOAD_RETRY_H
#define PRELOAD_RETRY_H

#include <stdbool.h>

#include "preload/kept.h"

enum retry_call {
	RETRY_ASKS = 0,
	RETRY_WAITS = 1, /* it may sleep, if the descriptor blocks; then this does */
	RETRY_WRITES = 2,
};

/* Before a call; negative: that is its answer. */
int retry_before(int fd, enum retry_call call);
/*
 * Before a call that blocks on something else: until it would not, at most so long
 * after this thread's last write of that kind.  Negative: as from kernel_release().
 */
#define RETRY_BESIDE_US 1000000
int retry_beside(int fd, short events);
/* After one that `said` so: was that not the last word?  errno as libc left it. */
bool retry_mended(int fd, long said);
/* ... and is it to be made again?  Else errno is what it says. */
bool retry_after(int fd, enum retry_call call, long said);

#endif
