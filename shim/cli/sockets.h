/* SPDX-License-Identifier: MIT */
/*
 * sockets: a table of sockets by their inode, which is what the link of a descriptor in
 * /proc/PID/fd says: state, queues, the other end. Where that is known from is left to
 * diag and procnet.
 */
#ifndef CLI_SOCKETS_H
#define CLI_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"

/* The first are those of TCP, as the kernel numbers them. */
enum sockets_state {
	SOCKETS_UNKNOWN,
	SOCKETS_ESTABLISHED,
	SOCKETS_SYN_SENT,
	SOCKETS_SYN_RECV,
	SOCKETS_FIN_WAIT1,
	SOCKETS_FIN_WAIT2,
	SOCKETS_TIME_WAIT,
	SOCKETS_CLOSE,
	SOCKETS_CLOSE_WAIT,
	SOCKETS_LAST_ACK,
	SOCKETS_LISTEN,
	SOCKETS_CLOSING,
	/* of the others */
	SOCKETS_CONNECTED,
	SOCKETS_UNCONNECTED,
	SOCKETS_PEER_CLOSED, /* AF_UNIX: the other end is closed */
	SOCKETS_STATES
};
/* ESTABLISHED, ... */
const char *sockets_state_name(enum sockets_state state);

struct sockets_one {
	uint64_t inode;
	uint32_t name;		   /* low half of SO_COOKIE; 0: not to be had */
	uint32_t received, unsent; /* bytes that wait; of a listener 0 */
	struct addr own, peer;	   /* version 0: none */
	uint8_t family, state;
};

struct sockets {
	struct sockets_one *one;
	size_t n, room;
	uint32_t *index; /* by inode: number in one[] + 1 */
	size_t slots;	 /* a power of two; 0: not sorted yet */
};

/* Zeroed ones are empty. NULL: no memory. */
struct sockets_one *sockets_add(struct sockets *s, uint64_t inode, int family);
/* What the kernel calls its state, of whatever protocol of that family. */
enum sockets_state sockets_state_of(int family, bool is_tcp, unsigned int state);
/* NULL: it is not among them: bound to nothing, of another kind, or gone by now. */
const struct sockets_one *sockets_find(struct sockets *s, uint64_t inode);
void sockets_drop(struct sockets *s);

#endif
