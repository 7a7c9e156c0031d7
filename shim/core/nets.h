/* SPDX-License-Identifier: MIT */
/*
 * nets: which rule comes first at an address: nets in their order, each knowing the one
 * around it, and its ports.
 */
#ifndef CORE_NETS_H
#define CORE_NETS_H

#include "core/addr.h"
#include "core/ports.h"

/* A rule's claim on some ports of a net. */
struct nets_claim {
	uint64_t high, low; /* the halves of its address */
	uint8_t bits;
	struct ports_claim ports;
};

struct net {
	uint64_t high, low;
	uint32_t around; /* the next larger net that holds this one, or PORTS_NONE */
	uint32_t least;	 /* the first rule of this net and those around it */
	uint8_t bits;
	struct ports ports;
};

/* Of one IP version. */
struct nets {
	struct nets_claim *claims; /* as many as there is room for, in any order */
	uint32_t n_claims, n;
	struct net *at;
};

void nets_claim(struct nets *nets, const struct addr *net, unsigned int bits,
		struct ports_claim ports);
/* false: no memory. */
bool nets_lay(struct nets *nets, struct arena *arena, struct arena *scratch);
/* The first rule there, if it comes before `best`; else best. */
uint32_t nets_order(const struct nets *nets, const struct addr *to, uint32_t best);

#endif
