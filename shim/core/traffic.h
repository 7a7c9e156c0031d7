/* SPDX-License-Identifier: MIT */
/*
 * traffic: what all programs of a user did, added up, in one file that they map: how
 * many connections of each outcome and reason, by program and by process; how soon
 * first bytes came; how old cookies were; and, while somebody watches, each connection
 * as it ends.  The rows of processes are core/guest's.
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

#define TRAFFIC_FILE "traffic.2" /* the layout's version is part of the name */
#define TRAFFIC_PROGRAMS 256
#define TRAFFIC_REASONS 16 /* room for more of them */
#define TRAFFIC_NAME 40
#define TRAFFIC_GUESTS 512
#define TRAFFIC_HOST 128
#define TRAFFIC_BUCKETS 18
#define TRAFFIC_AGES 14
#define TRAFFIC_COOKIES 512
#define TRAFFIC_EVENTS 1024

struct traffic_counts {
	_Atomic uint64_t n[OUTCOMES][TRAFFIC_REASONS];
};

struct traffic_program {
	struct rows_head head;
	_Atomic uint32_t
		whose; /* low half of the key, when the rest is this program's */
	_Atomic char name[TRAFFIC_NAME]; /* of its file, for display */
	struct traffic_counts counts;
};

/* Why a process lets its connections go plainly, whatever the rules say. */
enum traffic_aside {
	TRAFFIC_TAKES_PART,
	TRAFFIC_ASIDE_SECCOMP,	/* it filters its own system calls */
	TRAFFIC_ASIDE_IO_URING, /* it uses io_uring, which no hook sees */
	TRAFFIC_ASIDE_POLICY,	/* the policy cannot be read, and never could be */
	TRAFFIC_ASIDES
};

/* A process: one program's run, from its first connection or listener to its end. */
struct traffic_guest {
	_Alignas(64) _Atomic uint64_t key; /* 0: free; see core/guest */
	_Atomic uint64_t start;		   /* field 22 of /proc/PID/stat */
	_Atomic uint64_t pid_space;	   /* inode of /proc/self/ns/pid */
	_Atomic uint32_t pid;		   /* as the process knows itself */
	_Atomic uint32_t program;	   /* what memory_program() made of its path */
	_Atomic uint32_t begun_s, seen_s;  /* CLOCK_REALTIME: its first and last sign */
	_Atomic uint32_t listeners; /* given Fast Open, and not taken it again since */
	_Atomic uint32_t aside;	    /* enum traffic_aside */
	_Atomic char name[TRAFFIC_NAME];
	struct {
		_Atomic uint32_t n[OUTCOMES][TRAFFIC_REASONS];
	} counts; /* since it began */
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

/* How old cookies were when they were used; bucket i: up to traffic_age_bound_s(i). */
struct traffic_ages {
	_Atomic uint64_t sum_s;
	_Atomic uint32_t bucket[TRAFFIC_AGES];
};

/* When a cookie for a host was asked for last: by all its ports together. */
struct traffic_cookie {
	struct rows_head head;
	_Atomic uint64_t asked; /* a stamp */
};

enum traffic_close {
	TRAFFIC_CLOSE_EINTR, /* close() said so, and the program may not know better */
	TRAFFIC_CLOSE_EIO,
	TRAFFIC_CLOSE_EBADF, /* closed twice */
	TRAFFIC_CLOSES
};

struct traffic_event {
	uint64_t at_us; /* CLOCK_REALTIME; 0: to be counted only */
	struct addr to;
	uint32_t pid, first_byte_us, rtt_us; /* 0: not known */
	uint16_t syn_bytes;
	uint8_t outcome, reason;
	char program[TRAFFIC_NAME];
	char name[TRAFFIC_HOST]; /* as the program looked it up; empty: it did not */
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
	_Atomic uint64_t close_errors[TRAFFIC_CLOSES]; /* of sockets */
	_Atomic uint32_t full_s; /* when a process found no row last, or 0 */
	struct traffic_counts all;
	struct traffic_counts others; /* of programs whose row another has taken */
	struct traffic_times times[TRAFFIC_PATHS];
	struct traffic_ages ages;
	_Alignas(64) struct traffic_cookie cookie[TRAFFIC_COOKIES];
	struct traffic_guest guest[TRAFFIC_GUESTS];
	_Alignas(64) struct traffic_program program[TRAFFIC_PROGRAMS];
	_Alignas(64) struct traffic_entry event[TRAFFIC_EVENTS];
};

_Static_assert(sizeof(struct traffic_event) == 8 * TRAFFIC_WORDS, "whole words");
_Static_assert((int)REASONS <= TRAFFIC_REASONS, "there is room for every reason");
_Static_assert(sizeof(struct traffic_guest) == 512, "eight cache lines");
_Static_assert(sizeof(struct traffic) == 718720, "the layout of the file");

/* false: the file holds something else. */
bool traffic_ready(struct traffic *t);
/* UINT32_MAX: the last, which has no bound. */
uint32_t traffic_bound_us(unsigned int bucket);
uint32_t traffic_age_bound_s(unsigned int bucket);
/* Does somebody want events just now? */
bool traffic_is_watched(const struct traffic *t);
/*
 * n connections of one kind have ended.  program: what memory_program() made of its
 * path.  saved_us: the round trip that was not made.
 */
void traffic_add(struct traffic *t, uint32_t program, const struct traffic_event *e,
		 uint32_t saved_us, uint32_t n);
/* A connection to that host asked for a cookie ... */
void traffic_cookie_asked(struct traffic *t, const struct addr *to, uint32_t now_s);
/* ... and one that had it: its age is counted where it is known. */
void traffic_cookie_used(struct traffic *t, const struct addr *to, uint32_t now_s);
void traffic_close_error(struct traffic *t, enum traffic_close kind, uint32_t n);
/* For those who display it: false: that row holds no program. */
struct traffic_totals {
	char name[TRAFFIC_NAME];
	uint64_t n[OUTCOMES][REASONS];
};
bool traffic_program(const struct traffic *t, unsigned int row,
		     struct traffic_totals *ret);
/* Of the programs that have no row (any more): with those of the rows, all there is. */
void traffic_others(const struct traffic *t, struct traffic_totals *ret);
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
