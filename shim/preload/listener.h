/* SPDX-License-Identifier: MIT */
/* listener: Fast Open on listening sockets (TCP_FASTOPEN, Linux 3.7; RFC 7413
 * section 4.2). */
#ifndef PRELOAD_LISTENER_H
#define PRELOAD_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

/* What it was. */
bool listener_switch(bool to);
/* Before the real bind(). */
void listener_bound(int fd, const void *to, socklen_t len);
/* Before the real listen(); never makes it fail. */
void listener_opens(int fd, int backlog);
/* Before the real close(). */
void listener_closes(int fd);
/*
 * A connection is accepted before its handshake has ended.  What the kernel does not
 * count then: the bytes to read, for FIONREAD.
 */
bool listener_any(void);
int listener_unread(int fd);
/* Before an accept(): it was inherited already listening, or the policy has changed. */
void listener_accepts(int fd);

#endif
