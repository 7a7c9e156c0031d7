/* SPDX-License-Identifier: MIT */
/*
 * The packets under way, in the order in which they are due: a binary heap, and the
 * store from which packets come. Leaves the due times to the wire.
 */
#include <stdlib.h>

#include "queue.h"

#define MOST 131072u

static struct packet *heap[MOST];
static size_t held;
static size_t made;
static uint64_t pushed;
static struct packet *unused;

struct packet *queue_new(void)
{
	struct packet *packet = unused;

	if (packet) {
		unused = packet->next_free;
	} else if (made < MOST) {
		packet = malloc(sizeof(*packet));
		made += packet != NULL;
	}
	return packet;
}

void queue_free(struct packet *packet)
{
	packet->next_free = unused;
	unused = packet;
}

static bool before(const struct packet *a, const struct packet *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

void queue_push(struct packet *packet)
{
	size_t at = held++;	/* there are no more packets than places */

	packet->order = pushed++;
	for (; at && before(packet, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = packet;
}

struct packet *queue_first(void)
{
	return held ? heap[0] : NULL;
}

struct packet *queue_pop(void)
{
	struct packet *first = queue_first();
	struct packet *last;
	size_t at = 0;

	if (!first)
		return NULL;
	last = heap[--held];
	for (size_t child = 1; child < held; child = at * 2 + 1) {
		if (child + 1 < held && before(heap[child + 1], heap[child]))
			child++;
		if (!before(heap[child], last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return first;
}
