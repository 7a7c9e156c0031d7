/* SPDX-License-Identifier: MIT */
/* ports: which rule comes first at a port; see ports.h. */
#include "core/ports.h"

/* Ports between two edges have the same claims; an edge is where one begins or ends. */
struct sheet {
	uint32_t *edge, *owner, *next, n; /* next: the first part from here on that
					   * nobody owns */
};

static void sift(uint32_t *heap, uint32_t at, uint32_t n)
{
	for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
		uint32_t moved = heap[at];

		child += child + 1 < n && heap[child + 1] > heap[child];
		if (moved >= heap[child])
			return;
		heap[at] = heap[child];
		heap[child] = moved;
	}
}

static void sort(uint32_t *edge, uint32_t n)
{
	for (uint32_t i = n / 2; i--;)
		sift(edge, i, n);
	while (n > 1) {
		uint32_t largest = edge[0];

		edge[0] = edge[--n];
		edge[n] = largest;
		sift(edge, 0, n);
	}
}

static bool draw(struct sheet *s, const struct ports_claim *claims, uint32_t n,
		 struct arena *scratch)
{
	uint32_t *room = arena_take(scratch, 3 * (2 * n + 2) * sizeof(*room)), k = 0;

	if (!room)
		return false;
	*s = (struct sheet){ room, room + 2 * n + 2, room + 2 * (2 * n + 2), 0 };
	s->edge[k++] = 0;
	for (const struct ports_claim *c = claims; c; c = c->next) {
		s->edge[k++] = c->first;
		s->edge[k++] = c->last + 1u;
	}
	s->edge[k++] = PORTS_ALL;
	sort(s->edge, k);
	for (uint32_t i = 0; i < k; i++)
		if (!i || s->edge[i] != s->edge[s->n - 1])
			s->edge[s->n++] = s->edge[i];
	for (uint32_t i = 0; i < s->n; i++) {
		s->owner[i] = PORTS_NONE;
		s->next[i] = i;
	}
	return true;
}

/* The part that begins at this edge. */
static uint32_t part_at(const struct sheet *s, uint32_t edge)
{
	uint32_t low = 0, high = s->n;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (s->edge[middle] <= edge)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint32_t unowned(uint32_t *next, uint32_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

/* Who comes first owns it. */
static void paint(struct sheet *s, const struct ports_claim *c)
{
	for (; c; c = c->next)
		for (uint32_t i = unowned(s->next, part_at(s, c->first));
		     s->edge[i] <= c->last; i = unowned(s->next, i)) {
			s->owner[i] = c->order;
			s->next[i] = i + 1;
		}
}

bool ports_lay(struct ports *p, const struct ports_claim *claims, struct arena *arena,
	       struct arena *scratch)
{
	uint32_t n = 0;
	struct sheet s;

	for (const struct ports_claim *c = claims; c; c = c->next)
		n++;
	if (!draw(&s, claims, n, scratch))
		return false;
	paint(&s, claims);
	p->n = 0;
	p->segments = arena_take(arena, s.n * sizeof(*p->segments));
	if (!p->segments)
		return false;
	for (uint32_t i = 0; i + 1 < s.n; i++) /* the last edge is the end */
		if (!p->n || s.owner[i] != p->segments[p->n - 1].order)
			p->segments[p->n++] = (struct ports_segment){
				s.owner[i], (uint16_t)s.edge[i]
			};
	return true;
}

uint32_t ports_order(const struct ports *p, uint16_t port, uint32_t best)
{
	uint32_t low = 0, high = p->n;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (p->segments[middle].first <= port)
			low = middle;
		else
			high = middle;
	}
	return p->n && p->segments[low].order < best ? p->segments[low].order : best;
}
