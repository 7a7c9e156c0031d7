/* SPDX-License-Identifier: MIT */
/*
 * kernel: questions to the kernel about one socket: socket(7), tcp(7), sock_diag(7). No
 * state, async-signal-safe, negative errno.
 */
#ifndef PRELOAD_KERNEL_H
#define PRELOAD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/addr.h"

/* SO_COOKIE (Linux 4.12): the socket's name for life, 0 when fd is no socket. */
uint64_t kernel_cookie(int fd);
/* Did connect() return 0 without a handshake?  Then there is no peer yet. */
bool kernel_holds_syn(int fd);
/*
 * The address connect() was given (SO_PEERNAME, Linux 2.6.18: also before the handshake
 * ends). *len is the room in and the length out.
 */
int kernel_peer(int fd, struct sockaddr_storage *ret, socklen_t *ret_len);
/* Waits until the handshake has ended one way or the other; timeout in ms, -1: until
 * TCP itself gives up.  false: not within that time.  Signals do not end the wait. */
bool kernel_wait_handshake(int fd, int timeout_ms);
/*
 * Waits of ours before a wait of the program's, which a signal has to end: from
 * kernel_hold() on no signal comes in, kernel_poll_held() returns when one is due, and
 * kernel_release() lets them in and says what that means for the program's call: 0: no
 * handler ran, -EINTR: one did that was installed without SA_RESTART, -ERESTART: only
 * others.
 */
struct kernel_hold {
	uint64_t mask; /* the program's */
};
void kernel_hold(struct kernel_hold *h);
int kernel_release(const struct kernel_hold *h);
struct pollfd;
/* As poll(2); 0 also when a signal is due. */
int kernel_poll_held(const struct kernel_hold *h, struct pollfd *p, unsigned int n,
		     int timeout_ms);
/* Has a signal come that is held? */
bool kernel_is_due(const struct kernel_hold *h);
/* What an earlier connection of the socket left: a connect() that sends a SYN clears
 * it. */
void kernel_clear_error(int fd);
/* SO_LINGER in seconds: how long close() waits; 0: it resets; -1: as usual. */
int kernel_linger_s(int fd);
/*
 * Before the last close of a connection that nobody has read from: ends the sending
 * side first.  The server answered at the SYN, so its answer is early, and close() over
 * unread data sends a RST where the FIN would have gone long ago.  Not where the
 * program asked for a RST itself (SO_LINGER of zero).
 */
void kernel_send_fin(int fd);
/* The socket's own address and port, where it has one of IPv4 or IPv6. */
bool kernel_own_end(int fd, struct addr *ret);
/* TCP or MPTCP? */
bool kernel_is_tcp(int fd);
/*
 * Is `to` an address of this very host, seen from a socket whose own end is chosen
 * already? And does somebody listen there now?
 */
bool kernel_is_own_host(int fd, const struct addr *to);
bool kernel_has_listener(int fd, const struct addr *to);

#endif
