/* SPDX-License-Identifier: MIT */
/*
 * The connections seen on the wire: a table of fixed size, sets of WAYS places, in
 * which a new connection takes the place of the one that was silent longest. Knows
 * nothing of faults.
 */
#include <string.h>

#include "conn.h"

#define SETS 16384u
#define WAYS 8u

static struct conn conns[SETS][WAYS];
static uint64_t now;

static uint32_t mix(uint32_t hash, const struct endpoint *end)
{
	const uint8_t *bytes = (const uint8_t *)end;

	for (size_t i = 0; i < sizeof(*end); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static bool same(const struct endpoint *a, const struct endpoint *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static struct conn *find(const struct endpoint *client, const struct endpoint *server,
			 bool make)
{
	uint32_t hash = mix(mix(2166136261u, client), server);
	struct conn *set = conns[(hash ^ hash >> 15) % SETS];
	struct conn *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].used && same(&set[i].client, client) &&
		    same(&set[i].server, server))
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	if (!make)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	oldest->client = *client;
	oldest->server = *server;
	return oldest;
}

static void see_syn(struct packet *packet, struct conn *conn)
{
	packet->again = conn->used && conn->isn == packet->seq;
	if (!packet->again) {
		conn->isn = packet->seq;
		conn->syn_payload = 0;
		memset(conn->slower, 0, sizeof(conn->slower));
	}
	if (packet->payload > conn->syn_payload)
		conn->syn_payload = packet->payload;
}

void conn_see(struct packet *packet)
{
	bool syn = packet_is_syn(packet);
	struct conn *conn = NULL;

	packet->again = packet->acks_data = false;
	if (packet->tcp)
		conn = find(&packet->from, &packet->to, syn);
	if (packet->tcp && !conn)
		conn = find(&packet->to, &packet->from, false);
	packet->conn = conn;
	if (!conn)
		return;
	if (syn)
		see_syn(packet, conn);
	if (packet_is_synack(packet)) {
		uint32_t acked = packet->ack - conn->isn - 1;

		packet->acks_data = acked && acked <= conn->syn_payload;
	}
	conn->used = ++now;
}
