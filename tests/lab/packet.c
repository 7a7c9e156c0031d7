/* SPDX-License-Identifier: MIT */
/*
 * One IP packet: its TCP header, the Fast Open option in it (RFC 7413, and the
 * experimental form of RFC 6994), and how to alter it with right checksums. Knows
 * nothing of other packets.
 */
#include <netinet/in.h>
#include <string.h>

#include "packet.h"

enum {
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	TCP_HEADER = 20,
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_FAST_OPEN = 34,
	OPTION_EXPERIMENT = 254,
};

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t count)
{
	for (; count > 1; bytes += 2, count -= 2)
		so_far += get16(bytes);
	if (count)
		so_far += (uint32_t)bytes[0] << 8;
	return so_far;
}

static uint32_t fold(uint32_t total)
{
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static bool parse_ip4(struct packet *packet)
{
	const uint8_t *ip = packet->bytes;
	size_t header = (size_t)(ip[0] & 15) * 4;

	if (packet->length < IP4_HEADER || header < IP4_HEADER || ip[9] != IPPROTO_TCP)
		return false;
	if (get16(ip + 2) != packet->length || get16(ip + 6) & 0x3fff)
		return false;	/* padded, or a fragment */
	packet->tcp_at = header;
	packet->from.family = packet->to.family = AF_INET;
	memcpy(packet->from.address, ip + 12, 4);
	memcpy(packet->to.address, ip + 16, 4);
	return true;
}

static bool parse_ip6(struct packet *packet)
{
	const uint8_t *ip = packet->bytes;

	if (packet->length < IP6_HEADER || ip[6] != IPPROTO_TCP)
		return false;
	if (get16(ip + 4) + IP6_HEADER != packet->length)
		return false;
	packet->tcp_at = IP6_HEADER;
	packet->from.family = packet->to.family = AF_INET6;
	memcpy(packet->from.address, ip + 8, 16);
	memcpy(packet->to.address, ip + 24, 16);
	return true;
}

static void note_option(struct packet *packet, size_t at, size_t length)
{
	const uint8_t *option = packet->bytes + at;
	size_t head = 2;

	if (option[0] == OPTION_EXPERIMENT && length >= 4 &&
	    get16(option + 2) == 0xf989)
		head = 4;
	else if (option[0] != OPTION_FAST_OPEN)
		return;
	packet->option_at = at;
	packet->option_length = length;
	packet->cookie = (int)(length - head);
}

static void parse_options(struct packet *packet)
{
	size_t at = packet->tcp_at + TCP_HEADER;
	size_t length;

	while (at < packet->payload_at && packet->bytes[at] != OPTION_END) {
		if (packet->bytes[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 2 > packet->payload_at)
			return;
		length = packet->bytes[at + 1];
		if (length < 2 || at + length > packet->payload_at)
			return;
		note_option(packet, at, length);
		at += length;
	}
}

void packet_parse(struct packet *packet)
{
	unsigned version = packet->length ? packet->bytes[0] >> 4 : 0;
	const uint8_t *tcp;

	packet->tcp = false;
	packet->option_at = packet->option_length = 0;
	packet->cookie = -1;
	memset(&packet->from, 0, sizeof(packet->from));
	memset(&packet->to, 0, sizeof(packet->to));
	if (version == 4 ? !parse_ip4(packet) : version != 6 || !parse_ip6(packet))
		return;
	if (packet->tcp_at + TCP_HEADER > packet->length)
		return;
	tcp = packet->bytes + packet->tcp_at;
	packet->payload_at = packet->tcp_at + (size_t)(tcp[12] >> 4) * 4;
	if (packet->payload_at < packet->tcp_at + TCP_HEADER ||
	    packet->payload_at > packet->length)
		return;
	memcpy(packet->from.port, tcp, 2);
	memcpy(packet->to.port, tcp + 2, 2);
	packet->seq = get32(tcp + 4);
	packet->ack = get32(tcp + 8);
	packet->flags = tcp[13];
	packet->payload = packet->length - packet->payload_at;
	packet->tcp = true;
	parse_options(packet);
}

bool packet_is_syn(const struct packet *packet)
{
	return packet->tcp && (packet->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

bool packet_is_synack(const struct packet *packet)
{
	const int both = TCP_SYN | TCP_ACK;

	return packet->tcp && (packet->flags & both) == both;
}

/* Writes lengths and checksums anew, and reads the packet again. */
static void finish(struct packet *packet)
{
	uint8_t *ip = packet->bytes;
	uint8_t *tcp = ip + packet->tcp_at;
	size_t segment = packet->length - packet->tcp_at;
	uint32_t pseudo = IPPROTO_TCP + (uint32_t)segment;

	if (packet->from.family == AF_INET) {
		put16(ip + 2, (uint32_t)packet->length);
		put16(ip + 10, 0);
		put16(ip + 10, fold(sum(0, ip, packet->tcp_at)));
		pseudo = sum(pseudo, ip + 12, 8);
	} else {
		put16(ip + 4, (uint32_t)segment);
		pseudo = sum(pseudo, ip + 8, 32);
	}
	put16(tcp + 16, 0);
	put16(tcp + 16, fold(sum(pseudo, tcp, segment)));
	packet_parse(packet);
}

void packet_strip_option(struct packet *packet)
{
	memset(packet->bytes + packet->option_at, OPTION_NOP, packet->option_length);
	finish(packet);
}

void packet_strip_payload(struct packet *packet)
{
	packet->length = packet->payload_at;
	finish(packet);
}

void packet_refuse(const struct packet *syn, struct packet *ret_reset)
{
	size_t at = syn->tcp_at;
	uint8_t *ip = ret_reset->bytes;
	uint8_t *tcp = ip + at;
	bool four = syn->from.family == AF_INET;

	memcpy(ip, syn->bytes, at);
	memcpy(ip + (four ? 12 : 8), syn->to.address, four ? 4 : 16);
	memcpy(ip + (four ? 16 : 24), syn->from.address, four ? 4 : 16);
	memset(tcp, 0, TCP_HEADER);
	memcpy(tcp, syn->to.port, 2);
	memcpy(tcp + 2, syn->from.port, 2);
	put32(tcp + 8, syn->seq + 1 + (uint32_t)syn->payload);
	tcp[12] = TCP_HEADER / 4 << 4;
	tcp[13] = TCP_RST | TCP_ACK;
	ret_reset->direction = syn->direction == C2S ? S2C : C2S;
	ret_reset->length = at + TCP_HEADER;
	ret_reset->tcp_at = at;
	ret_reset->from.family = syn->from.family;
	finish(ret_reset);
}
