/* SPDX-License-Identifier: MIT */
/*
 * summary: all that is known here at this moment: what programs did and do, where to,
 * what it was good for, and what the kernel says. How it looks is left to summary_text
 * and summary_json.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/counted.h"
#include "cli/holds.h"
#include "cli/netstat.h"
#include "cli/shift.h"
#include "core/memory_view.h"

struct summary_destination {
	struct addr at;
	struct memory_facts facts;
	struct memory_view view; /* pauses, as the policy has it */
	uint32_t baseline;	 /* one in so many goes without; 0: none */
	uint64_t connections;
	bool is_compared;
	struct shift_found shift; /* us */
	unsigned int cookie;	  /* bytes that the kernel holds; 0: none */
};

struct summary_program {
	struct guest_view guest;
	struct process process;
	struct holds holds;
	char policy[PATH_MAX]; /* TFOSHIM_POLICY, as it was given; else empty */
};

/* Of all destinations together. */
struct summary_gain {
	bool is_compared;	   /* there is at least one pair */
	struct shift_found shift;  /* us */
	double fast_us, plain_us;  /* medians */
	unsigned int fast, plain;  /* connections compared */
	unsigned int destinations; /* where */
	unsigned int missing;	   /* more of each, until it is sure; ... */
	uint32_t one_in;	   /* ... so often one goes without, at best */
	bool is_off;		   /* the policy has none go without, anywhere */
};

struct summary {
	bool is_none;		 /* nothing was ever done here ... */
	char other[PATH_MAX];	 /* ... but by another version: half a sentence */
	struct traffic *traffic; /* NULL: there is none, or it was refused */
	struct memory *memory;
	uint64_t all[OUTCOMES][REASONS];
	uint64_t connections;
	struct summary_destination *destination; /* by use */
	size_t destinations;
	struct summary_program *program; /* by use */
	size_t programs;
	bool is_full; /* of others there was no room to note that they run */
	struct summary_gain gain;
	struct memory_view side; /* a pause of all destinations */
	struct netstat kernel;
	bool has_cookies;		       /* the kernel tells of them */
	unsigned int cookies, strange_cookies; /* of no destination known here */
	const char *policy;		       /* in force for who starts here */
	unsigned int policy_errors;
};

/*
 * only: part of a destination's name or address, or of a program's; NULL: all. What was
 * refused has been told; false: so there is nothing to look at.
 */
bool summary_read(struct summary *s, const char *only);
void summary_drop(struct summary *s);

/* Of a program: connections, and those that ended so. */
uint64_t summary_connections(const struct guest_view *g);
uint64_t summary_outcome(const struct guest_view *g, enum outcome o);
/* Of all programs. */
uint64_t summary_total(const struct summary *s, enum outcome o);
uint64_t summary_total_of(const struct summary *s, enum reason r);
/* NAME:PORT, or ADDRESS:PORT. */
void summary_label(const struct summary_destination *d, struct text *ret);

/* is_whole: long lists, too. */
void summary_show(const struct summary *s, bool is_whole);
/* Parts of it. */
void summary_show_programs(const struct summary *s, bool is_whole);
void summary_show_kernel(const struct summary *s);
struct json_object;
struct json_object *summary_json(const struct summary *s);

#endif
