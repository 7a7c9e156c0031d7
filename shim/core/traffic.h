/* SPDX-License-Identifier: MIT */
/*
 * traffic: what all programs of a user did, added up, in one file that they map: how
 * many connections of each outcome and reason, by program; how soon first bytes came;
 * and, while somebody watches, each connection as it ends.
 *
 * Lock-free, bounded, safe against any content, as core/memory is.  Writers never wait
 * for those who watch: who is too slow loses events, and can tell how many.
 * async-signal-safe.
 */
#ifndef CORE_TRAFFIC_H
#define CORE_TRAFFIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/outcome.h"
#include "core/rows.h"

#define TRAFFIC_FILE "traffic.1" /* the layout's version is part of the name */
#define TRAFFIC_PROGRAMS 256
#define TRAFFIC_REASONS 16 /* room for more of them */
#define TRAFFIC_NAME 40
#define TRAFFIC_BUCKETS 18
#define TRAFFIC_EVENTS 1024

struct traffic_counts {
	_Atomic uint32_t n[OUTCOMES][TRAFFIC_REASONS];
};

struct traffic_program {
	struct rows_head head;
	_Atomic uint32_t
		whose; /* low half of the key, when the rest is this program's */
	_Atomic char name[TRAFFIC_NAME]; /* of its file, for display */
	struct traffic_counts counts;
};

enum traffic_path {
	TRAFFIC_FASTOPEN, /* data in the SYN was accepted */
	TRAFFIC_PLAIN,	  /* an ordinary handshake, nothing lost */
	TRAFFIC_FALLBACK, /* the Fast Open SYN was lost: what it came to */
	TRAFFIC_PATHS
};

/* From connect() to the first byte; bucket i: up to traffic_bound_us(i). */
struct traffic_times {
	_Atomic uint64_t sum_us;
	_Atomic uint32_t bucket[TRAFFIC_BUCKETS];
};

struct traffic_event {
	uint64_t at_us; /* CLOCK_REALTIME; 0: to be counted only */
	struct addr to;
	uint32_t pid, first_byte_us, rtt_us; /* 0: not known */
	uint16_t syn_bytes;
	uint8_t outcome, reason;
	char program[TRAFFIC_NAME];
};

#define TRAFFIC_WORDS (sizeof(struct traffic_event) / 8)

struct traffic_entry {
	_Atomic uint64_t turn; /* its number plus one, when it is whole */
	_Atomic uint64_t word[TRAFFIC_WORDS];
};

struct traffic {
	_Atomic uint64_t magic;
	_Atomic uint64_t watched_cs; /* somebody watches, until then */
	_Atomic uint64_t next;	     /* events ever begun */
	_Atomic uint64_t saved_us;   /* round trips that were not made */
	struct traffic_counts all;
	struct traffic_times times[TRAFFIC_PATHS];
	_Alignas(64) struct traffic_program program[TRAFFIC_PROGRAMS];
	_Alignas(64) struct traffic_entry event[TRAFFIC_EVENTS];
};

_Static_assert(sizeof(struct traffic_event) == 8 * TRAFFIC_WORDS, "whole words");
_Static_assert((int)REASONS <= TRAFFIC_REASONS, "there is room for every reason");
_Static_assert(sizeof(struct traffic) == 213696, "the layout of the file");

/* false: the file holds something else. */
bool traffic_ready(struct traffic *t);
/* UINT32_MAX: the last, which has no bound. */
uint32_t traffic_bound_us(unsigned int bucket);
/* Does somebody want events just now? */
bool traffic_is_watched(const struct traffic *t);
/*
 * n connections of one kind have ended.  program: what memory_program() made of its
 * path.  saved_us: the round trip that was not made.
 */
void traffic_add(struct traffic *t, uint32_t program, const struct traffic_event *e,
		 uint32_t saved_us, uint32_t n);
/* Somebody watches from now on, for so long. */
void traffic_watch(struct traffic *t, uint64_t until_cs);
/*
 * The event after the first *at; false: there is none yet.  ret_lost: so many had been
 * written over before they were read.  A new reader begins at traffic_now().
 */
uint64_t traffic_now(const struct traffic *t);
bool traffic_next(const struct traffic *t, uint64_t *at, struct traffic_event *ret,
		  uint64_t *ret_lost);

#endif
