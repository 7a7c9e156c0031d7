/* SPDX-License-Identifier: MIT */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 2048

enum direction { C2S, S2C };

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* Addresses and ports in network order; IPv4 in the first 4 bytes, the rest zero. */
struct endpoint {
	uint8_t address[16];
	uint8_t port[2];
	uint8_t family;		/* AF_INET, AF_INET6 */
};

struct conn;

/*
 * An IP packet on the wire. The second part is filled in by packet_parse(), and is
 * meaningful only when tcp is set; the third by conn_see().
 */
struct packet {
	struct packet *next_free;
	int64_t seen;		/* CLOCK_MONOTONIC, ns */
	int64_t due;
	uint64_t order;
	enum direction direction;
	size_t length;

	bool tcp;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	struct endpoint from;
	struct endpoint to;
	size_t tcp_at;
	size_t payload_at;
	size_t payload;		/* bytes */
	size_t option_at;	/* Fast Open option, 0: none */
	size_t option_length;
	int cookie;		/* bytes, -1: no Fast Open option */

	struct conn *conn;
	bool again;		/* a SYN that was seen before, by its ISN */
	bool acks_data;		/* a SYN-ACK for more than the SYN */

	uint8_t bytes[PACKET_MAX];
};

void packet_parse(struct packet *packet);
bool packet_is_syn(const struct packet *packet);
bool packet_is_synack(const struct packet *packet);

/* These alter a TCP packet, set its checksums right, and parse it again. */
void packet_strip_option(struct packet *packet);
void packet_strip_payload(struct packet *packet);

/* Writes into ret_reset what a closed port would have answered. */
void packet_refuse(const struct packet *syn, struct packet *ret_reset);

#endif
