/* SPDX-License-Identifier: MIT */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include "packet.h"

/* What is remembered of a connection that was opened over the wire. */
struct conn {
	struct endpoint client;	/* who sent the SYN */
	struct endpoint server;
	uint32_t isn;
	uint64_t used;		/* when, in packets; 0: never */
	size_t syn_payload;	/* the most seen in one SYN */
	int64_t slower[2];	/* ns of additional delay, by direction */
};

/* Finds, or for a SYN makes, the packet's connection; fills in what it tells. */
void conn_see(struct packet *packet);

#endif
