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

/* How long after connect() a first write still counts as "at once". */
#define CLIENT_PROMPT_US 5000

/* Off until the constructor has read the environment, and with TFOSHIM_OFF=1. */
void client_switch_on(void);

/* Answers with 0 or negative errno in *ret, or declines. */
bool client_connect(int fd, const struct sockaddr *to, socklen_t len, int *ret);
bool client_getpeername(int fd, struct sockaddr *to, socklen_t *len, int *ret);
/* Waits for the end of a handshake by a real connect(): 0 or negative errno. */
int client_wait_connected(int fd);

/* The SYN leaves now, with the cookie and without data, if it is still held back. */
void client_materialize(int fd);
/* ... and a program that was told it is connected finds it connected: */
void client_settle(int fd);
/* the same for a call that would wait by itself on a blocking descriptor. */
void client_force(int fd);
/* All that this thread owes; all of the process. */
void client_pay(void);
void client_pay_all(void);
/* What this thread has owed for longer than CLIENT_PROMPT_US. */
void client_pay_overdue(void);

/* A wait of this thread reported descriptors ready: it may know of a connection now. */
void client_told(void);
/* The program asked SO_ERROR, and the kernel said e. */
void client_told_error(int fd, int e);
/* A read returned n (errno as libc left it). */
void client_heard(int fd, ssize_t n);
/* A write is about to be made: was the first one prompt? */
void client_writes(struct slot *s, int fd);

#endif
