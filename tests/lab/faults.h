/* SPDX-License-Identifier: MIT */
#ifndef LAB_FAULTS_H
#define LAB_FAULTS_H

#include "packet.h"
#include "text.h"

enum fault {
#define FAULT(id, name, effect, value, meaning) FAULT_##id,
#include "faults.def"
#undef FAULT
	FAULT_COUNT
};

enum effect {
	EFFECT_DROPPED,
	EFFECT_REFUSED,		/* dropped and answered by a RST */
	EFFECT_DELAYED,
	EFFECT_ALTERED,
	EFFECT_DUPLICATED,
};

/* What became of a packet. */
struct fate {
	uint32_t faults;	/* a bit for each that was applied */
	bool dropped;
	bool refused;
	bool altered;
	bool duplicated;
	int64_t copy_after;	/* ns */
};

const char *fault_name(enum fault fault);
/* "dropped", "altered", ... */
const char *fault_effect_name(enum fault fault);

/* Applies to the packet each fault that is on and that concerns it. */
struct fate faults_apply(struct packet *packet);

/* words: NAME on|off|NUMBER [port=N] [dir=c2s|s2c]; false: the reply is an error. */
bool faults_set(char *const *words, int count, struct text *reply);
void faults_clear(void);
void faults_print(struct text *text);

#endif
