/* SPDX-License-Identifier: MIT */
/*
 * measured: all that can be measured at this moment: copies of the shared files, the
 * programs that run and the places of their sockets, by name. However many there are,
 * so many are told apart, and the rest is added up as "other". How it is written down
 * is left to others.
 */
#ifndef CLI_MEASURED_H
#define CLI_MEASURED_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/netstat.h"
#include "core/guest.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/traffic.h"

#define MEASURED_PROGRAMS 256
#define MEASURED_SITES 50
#define MEASURED_PAUSES 50
#define MEASURED_OTHER "other"
#define MEASURED_SITE 192

/* All processes and rows of one name. */
struct measured_program {
	char name[TRAFFIC_NAME];
	uint64_t n[OUTCOMES][REASONS];
	unsigned int running[TRAFFIC_ASIDES];
	unsigned int ledgers; /* processes with one, where the rest is from */
	uint64_t open;	      /* sockets */
	uint32_t fullest; /* descriptors of its fullest process, in 1/10000 of the limit
			   */
};

struct measured_site {
	char program[TRAFFIC_NAME], site[MEASURED_SITE];
	uint64_t n; /* old sockets that are open there */
};

struct measured_pause {
	struct addr to;
	enum reason why;
	uint32_t strikes;
};

/* Each table has the rest behind its last row, where there is one. */
struct measured {
	struct traffic *traffic; /* NULL: there is none yet */
	struct memory *memory;	 /* the same */
	struct netstat kernel;
	struct measured_program program[MEASURED_PROGRAMS + 1];
	unsigned int programs;
	struct measured_site site[MEASURED_SITES + 1];
	unsigned int sites;
	struct measured_pause pause[MEASURED_PAUSES];
	unsigned int pauses, more_pauses[REASONS];
	bool all_paused; /* every destination: the fault is on our side */
	unsigned int destinations;
	int cookies; /* that the kernel holds; negative: it cannot be asked */
};

/*
 * false: a file is there and cannot be read; why says so, in half a sentence.  Sockets
 * younger than that are not held to be forgotten; places are named within `names_ms`.
 */
bool measured_take(struct measured *m, int64_t min_age_ms, unsigned int names_ms,
		   struct text *why);
void measured_drop(struct measured *m);

#endif
