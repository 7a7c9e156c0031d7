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

/* Off until the constructor has read the environment, and with TFOSHIM_OFF=1. */
void client_switch_on(void);

/* Answers with 0 or negative errno in *ret, or declines. */
bool client_connect(int fd, const struct sockaddr *to, socklen_t len, int *ret);
bool client_getpeername(int fd, struct sockaddr *to, socklen_t *len, int *ret);
/* Waits for the end of a handshake by a real connect(): 0 or negative errno. */
int client_wait_connected(int fd);

/* The SYN leaves now, with the cookie and without data, if it is still held back. */
void client_materialize(int fd);
/*
 * ... and a program that was told it is connected finds it connected: within so many
 * milliseconds, since an event loop must not stand still for a host that has gone.
 */
#define CLIENT_SETTLE_MS 1500 /* a SYN that was lost is sent again after a second */
void client_settle(int fd, int timeout_ms);
/* the same for a call that would wait by itself on a blocking descriptor. */
void client_force(int fd);
/* All that this thread owes; all of the process. */
void client_pay(void);
void client_pay_all(void);
/* What this thread has owed for longer than WATCH_PROMPT_US. */
void client_pay_overdue(void);
bool client_is_overdue(int fd);

#endif
