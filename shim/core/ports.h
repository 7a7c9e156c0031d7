/* SPDX-License-Identifier: MIT */
/*
 * ports: which rule comes first at a port, where several claim some: one list of
 * segments, found by bisection.
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

#define PORTS_NONE UINT32_MAX
#define PORTS_ALL 65536

/* A rule's claim; lists of them stand in the order of the rules. */
struct ports_claim {
	uint32_t order;
	uint16_t first, last;
	struct ports_claim *next;
};

struct ports_segment {
	uint32_t order; /* of the first rule, or PORTS_NONE */
	uint16_t first; /* it ends where the next one begins */
};

struct ports {
	uint32_t n;
	struct ports_segment *segments;
};

/* false: no memory. */
bool ports_lay(struct ports *p, const struct ports_claim *claims, struct arena *arena,
	       struct arena *scratch);
/* The first rule there, if it comes before `best`; else best. */
uint32_t ports_order(const struct ports *p, uint16_t port, uint32_t best);

#endif
