/* SPDX-License-Identifier: MIT */
#ifndef LAB_NET_H
#define LAB_NET_H

#include <stdbool.h>

/* Descriptors of one end of the wire, both close-on-exec. */
struct net {
	int namespace;	/* for setns() */
	int tun;	/* whole IP packets, non-blocking */
};

/*
 * Moves this process into a new network namespace that has loopback, an end of the wire
 * and its addresses, and net.ipv4.tcp_fastopen as told. Complains and returns false on
 * failure.
 */
bool net_create_client(int fastopen, struct net *ret_net);
bool net_create_server(int fastopen, struct net *ret_net);

#endif
