/* SPDX-License-Identifier: MIT */
/*
 * first: the first write on a connection whose SYN is held back.  The bytes ride in the
 * SYN, by a Fast Open send that never blocks: interrupted, a blocking one delivers its
 * data twice (measured on Linux 6.18; DESIGN.md).  async-signal-safe.
 */
#ifndef PRELOAD_FIRST_H
#define PRELOAD_FIRST_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * m is in the kernel's layout and readable; its buffers need not be.  Answers with the
 * number of bytes or negative errno, or declines: then the plain call does what is
 * left.
 */
bool first_write(int fd, const struct msghdr *m, int flags, ssize_t *ret);
/* The same for a message of the program's, whose header may be anywhere. */
bool first_message(int fd, const struct msghdr *m, int flags, ssize_t *ret);

#endif
