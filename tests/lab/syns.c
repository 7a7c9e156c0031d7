/* SPDX-License-Identifier: MIT */
/*
 * The last SYNs on the wire, with the first bytes of what they carried.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "syns.h"

#define KEPT 256u
#define KEPT_PAYLOAD 64u

static struct syn {
	int64_t seen;
	enum direction direction;
	struct endpoint from;
	struct endpoint to;
	size_t payload;
	int cookie;
	uint32_t faults;
	uint8_t bytes[KEPT_PAYLOAD];
} syns[KEPT];

static uint64_t noted;
static uint8_t last_payload[KEPT_PAYLOAD];
static size_t last_payload_length;

static size_t kept(size_t payload)
{
	return payload < KEPT_PAYLOAD ? payload : KEPT_PAYLOAD;
}

struct syn *syns_note(const struct packet *packet)
{
	struct syn *syn = &syns[noted % KEPT];
	size_t length = kept(packet->payload);

	if (!packet_is_syn(packet))
		return NULL;
	noted++;
	*syn = (struct syn){
		.seen = packet->seen,
		.direction = packet->direction,
		.from = packet->from,
		.to = packet->to,
		.payload = packet->payload,
		.cookie = packet->cookie,
	};
	memcpy(syn->bytes, packet->bytes + packet->payload_at, length);
	if (length && packet->direction == C2S) {
		memcpy(last_payload, syn->bytes, length);
		last_payload_length = length;
	}
	return syn;
}

void syns_judge(struct syn *syn, const struct fate *fate)
{
	if (syn)
		syn->faults = fate->faults;
}

static void print_endpoint(struct text *text, const struct endpoint *end)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(end->family, end->address, address, sizeof(address));
	if (end->family == AF_INET6)
		text_add(text, "[%s]", address);
	else
		text_add(text, "%s", address);
	text_add(text, ":%d ", end->port[0] << 8 | end->port[1]);
}

static void print_verdict(struct text *text, uint32_t faults)
{
	const char *between = "";

	if (!faults)
		text_add(text, "passed");
	for (enum fault i = 0; i < FAULT_COUNT; i++) {
		if (!(faults & 1u << i))
			continue;
		text_add(text, "%s%s:%s", between, fault_effect_name(i), fault_name(i));
		between = ",";
	}
	text_add(text, "\n");
}

void syns_print(struct text *text)
{
	uint64_t first = noted > KEPT ? noted - KEPT : 0;

	for (uint64_t i = first; i < noted; i++) {
		const struct syn *syn = &syns[i % KEPT];

		text_add(text, "%" PRId64 ".%06" PRId64 " %s ", syn->seen / 1000000000,
			 syn->seen % 1000000000 / 1000,
			 syn->direction == C2S ? "c2s" : "s2c");
		print_endpoint(text, &syn->from);
		print_endpoint(text, &syn->to);
		text_add(text, "%zu ", syn->payload);
		text_add_hex(text, syn->bytes, kept(syn->payload));
		text_add(text, " %d ", syn->cookie);
		print_verdict(text, syn->faults);
	}
}

void syns_print_last_payload(struct text *text)
{
	text_add_hex(text, last_payload, last_payload_length);
}

void syns_reset(void)
{
	noted = 0;
	last_payload_length = 0;
}
