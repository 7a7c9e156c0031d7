/* SPDX-License-Identifier: MIT */
/*
 * client: connect() with the SYN held back.  The kernel defers (TCP_FASTOPEN_CONNECT,
 * Linux 4.11), this file keeps it truthful: it defers only what has been seen to answer
 * and to write first, and lets the SYN go as soon as anybody could notice.
 * async-signal-safe.
 */
#ifndef PRELOAD_CLIENT_H
#define PRELOAD_CLIENT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "preload/slot.h"

/* Off until the constructor has read the environment, and with TFOSHIM_OFF=1; what it
 * was. */
bool client_switch(bool to);
bool client_is_on(void);

/* Answers with 0 or negative errno in *ret, or declines. */
bool client_connect(int fd, const struct sockaddr *to, socklen_t len, int *ret);
bool client_getpeername(int fd, struct sockaddr *to, socklen_t *len, int *ret);
/* Waits for the end of a handshake by a real connect(): 0 or negative errno. */
int client_wait_connected(int fd);

#endif
