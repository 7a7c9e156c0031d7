/* SPDX-License-Identifier: MIT */
/*
 * What passed, in numbers. The rows are in counters.def; each fault has one more, named
 * by what it does to packets.
 */
#include <inttypes.h>
#include <string.h>

#include "counters.h"

struct counters counters[2];

static const char *const direction_names[] = { "c2s", "s2c" };

static void see_syn(struct counters *count, const struct packet *packet)
{
	count->syn++;
	count->syn_again += packet->again;
	count->syn_data += packet->payload > 0;
	count->syn_data_bytes += packet->payload;
	count->syn_cookie += packet->cookie > 0;
	count->syn_cookie_request += packet->cookie == 0;
}

void counters_see(const struct packet *packet)
{
	struct counters *count = &counters[packet->direction];

	if (!packet->tcp) {
		count->other++;
		return;
	}
	count->packets++;
	count->bytes += packet->length;
	count->fin += !!(packet->flags & TCP_FIN);
	count->rst += !!(packet->flags & TCP_RST);
	if (packet_is_syn(packet)) {
		see_syn(count, packet);
	} else if (packet_is_synack(packet)) {
		count->synack++;
		count->synack_cookie += packet->cookie > 0;
		count->synack_data_acked += packet->acks_data;
	} else {
		count->data += packet->payload > 0;
		count->data_bytes += packet->payload;
	}
}

void counters_judge(const struct packet *packet, const struct fate *fate)
{
	struct counters *count = &counters[packet->direction];

	for (enum fault i = 0; i < FAULT_COUNT; i++)
		count->fault[i] += fate->faults >> i & 1;
	count->dropped += fate->dropped;
	count->altered += fate->altered;
	count->duplicated += fate->duplicated;
}

static void print(struct text *text, const char *direction,
		  const struct counters *count)
{
#define COUNTER(name, meaning) \
	text_add(text, "%s_" #name "=%" PRIu64 "\n", direction, count->name);
#include "counters.def"
#undef COUNTER
	for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
		text_add(text, "%s_%s_by_%s=%" PRIu64 "\n", direction,
			 fault_effect_name(fault), fault_name(fault),
			 count->fault[fault]);
}

void counters_print(struct text *text)
{
	print(text, direction_names[C2S], &counters[C2S]);
	print(text, direction_names[S2C], &counters[S2C]);
}

void counters_reset(void)
{
	memset(counters, 0, sizeof(counters));
}
