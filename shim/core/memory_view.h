/* SPDX-License-Identifier: MIT */
/*
 * memory_view: what core/memory knows, for those who display it: any content is safe,
 * and a row whose address is not the one that its key was made of is none.
 */
#ifndef CORE_MEMORY_VIEW_H
#define CORE_MEMORY_VIEW_H

#include "core/memory.h"

struct memory_facts {
	uint32_t answered_s; /* CLOCK_REALTIME; 0: never, or it failed since */
	uint32_t seen_s;     /* ... when it was last used */
	uint32_t outcome[OUTCOMES], reason[REASONS];
	uint32_t rtt_us, fast_us, plain_us; /* 0: not known */
	struct pace_sets sets;
	uint64_t saved_us;
	char name[MEMORY_NAME]; /* as it stands there: not yet cleaned */
	enum habit habit;	/* of the program, however old */
	uint32_t habit_s;
};

/* false: neither the destination nor the habit is known. */
bool memory_view_look(const struct memory *m, const struct addr *to, uint32_t program,
		      struct memory_facts *ret);
/* The destination in this row; false: there is none. */
bool memory_view_row(const struct memory *m, unsigned int row, struct addr *ret);

#endif
