/* SPDX-License-Identifier: MIT */
#ifndef LAB_COUNTERS_H
#define LAB_COUNTERS_H

#include "faults.h"
#include "packet.h"
#include "text.h"

struct counters {
#define COUNTER(name, meaning) uint64_t name;
#include "counters.def"
#undef COUNTER
	uint64_t fault[FAULT_COUNT];
};

extern struct counters counters[2];

/* To be called once for each packet, after conn_see() and before any fault. */
void counters_see(const struct packet *packet);
/* And once after them. */
void counters_judge(const struct packet *packet, const struct fate *fate);
void counters_print(struct text *text);
void counters_reset(void);

#endif
