/* SPDX-License-Identifier: MIT */
/*
 * The wire: reads packets from one end, has them counted and judged, holds them for as
 * long as the wire is, and writes them to the other end. Leaves waiting to the session.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "counters.h"
#include "faults.h"
#include "queue.h"
#include "syns.h"
#include "wire.h"

#define AT_ONCE 64	/* packets from one end before the other's turn */
#define TURNS 64

static int ends[2];		/* by the direction of what is read there */
static int64_t one_way;
static int64_t last_due[2];	/* so that a shorter delay reorders nothing */

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void wire_open(int client, int server)
{
	ends[C2S] = client;
	ends[S2C] = server;
}

void wire_set_delay(double round_trip_ms)
{
	one_way = (int64_t)(round_trip_ms * 1e6 / 2);
}

static void push(struct packet *packet)
{
	enum direction direction = packet->direction;

	packet->due = packet->seen + one_way;
	if (packet->due < last_due[direction])
		packet->due = last_due[direction];
	last_due[direction] = packet->due;
	if (packet->conn)
		packet->due += packet->conn->slower[direction];
	queue_push(packet);
}

static void push_copy(const struct packet *packet, int64_t after)
{
	struct packet *copy = queue_new();

	if (!copy) {
		counters[packet->direction].queue_full++;
		return;
	}
	memcpy(copy, packet, sizeof(*copy));
	copy->due += after;
	queue_push(copy);
}

/* The RST leaves the middle of the wire: there and back in the time of one way. */
static void push_refusal(const struct packet *packet)
{
	struct packet *reset = queue_new();

	if (!reset)
		return;
	packet_refuse(packet, reset);
	reset->due = packet->seen + one_way;
	queue_push(reset);
}

static void take(struct packet *packet)
{
	struct fate fate;
	struct syn *syn;

	packet_parse(packet);
	conn_see(packet);
	counters_see(packet);
	syn = syns_note(packet);
	fate = faults_apply(packet);
	counters_judge(packet, &fate);
	syns_judge(syn, &fate);
	if (fate.refused)
		push_refusal(packet);
	if (fate.dropped) {
		queue_free(packet);
		return;
	}
	push(packet);
	if (fate.duplicated)
		push_copy(packet, fate.copy_after);
}

/* Reads up to AT_ONCE packets; returns whether there may be more. */
static bool take_from(enum direction direction)
{
	static struct packet spare;

	for (int i = 0; i < AT_ONCE; i++) {
		struct packet *packet = queue_new();
		struct packet *into = packet ? packet : &spare;
		ssize_t length = read(ends[direction], into->bytes, PACKET_MAX);

		if (length <= 0) {
			if (packet)
				queue_free(packet);
			return false;
		}
		if (!packet) {
			counters[direction].queue_full++;
			continue;
		}
		packet->length = (size_t)length;
		packet->direction = direction;
		packet->seen = now();
		take(packet);
	}
	return true;
}

void wire_take_in(void)
{
	bool more = true;

	for (int i = 0; i < TURNS && more; i++) {
		more = take_from(C2S);
		more = take_from(S2C) || more;
		wire_deliver();
	}
}

void wire_deliver(void)
{
	struct packet *packet = queue_first();
	int64_t time = now();

	while (packet && packet->due <= time) {
		queue_pop();
		if (write(ends[!packet->direction], packet->bytes, packet->length) < 0)
			counters[packet->direction].write_failed++;
		queue_free(packet);
		packet = queue_first();
		if (packet && packet->due > time)
			time = now();
	}
}

int64_t wire_wait(void)
{
	const struct packet *packet = queue_first();
	int64_t left = packet ? packet->due - now() : -1;

	if (!packet)
		return -1;
	return left > 0 ? left : 0;
}
