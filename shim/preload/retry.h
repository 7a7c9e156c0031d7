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

/*
 * Before a call; negative: that is its answer.  `waits`: it may sleep, if fd blocks;
 * then this does.
 */
int retry_before(int fd, bool waits);
/*
 * Before a call that blocks on something else: until it would not, at most so long
 * after this thread's last write of that kind.  Negative: as from kernel_release().
 */
#define RETRY_BESIDE_US 1000000
int retry_beside(int fd, short events);
/* After one that `said` so, errno as libc left it: is it to be made again? */
bool retry_after(int fd, bool waits, long said);

#endif
