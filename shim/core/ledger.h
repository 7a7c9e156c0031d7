/* SPDX-License-Identifier: MIT */
/*
 * ledger: the sockets of one process, in a file that it maps and others read: for each
 * descriptor its birth (when, how, at which site, whose number it is to the kernel) and
 * its death; the sites, which are call stacks; the modules that name their addresses
 * once the process is gone; what was closed or used that was not open.
 *
 * Lock-free and async-signal-safe.  One process writes, any number read, at any moment:
 * what they find is bounded by ledger_view, whatever the file holds.  It does not know
 * who opens what, nor the kernel's opinion.
 *
 * Files: LEDGER_FILE, then pid, '.', and the process's start (field 22 of
 * /proc/PID/stat), in the state directory; the version is part of the name and of the
 * magic.  Sparse: LEDGER_BYTES long, of which only what is used takes room.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"

#define LEDGER_FILE "ledger.1."
#define LEDGER_MAGIC UINT64_C(0x31726467656c6674) /* "tfledgr1" */

#define LEDGER_FDS (1 << 20)
#define LEDGER_SITES 4096   /* of which number 0 means: not known */
#define LEDGER_FRAMES 65536 /* of all sites */
#define LEDGER_MODULES 512  /* of which number 0 means: not known */
#define LEDGER_PEERS 4096   /* of which number 0 means: not known */
#define LEDGER_FINDINGS 128
#define LEDGER_DEPTH 32 /* frames of one site */
#define LEDGER_PATH 217
#define LEDGER_BUILD_ID 20

/* How a descriptor came. */
enum ledger_kind {
	LEDGER_NEVER, /* nothing is known of this number: inherited, or no socket */
	LEDGER_SOCKET,
	LEDGER_ACCEPT,
	LEDGER_PAIR, /* socketpair() */
	LEDGER_DUP,
	LEDGER_RECEIVED, /* in a message */
	LEDGER_KINDS
};

/* What was known of its address family when it came. */
enum ledger_family {
	LEDGER_FAMILY_UNKNOWN,
	LEDGER_FAMILY_OTHER,
	LEDGER_FAMILY_UNIX,
	LEDGER_FAMILY_IPV4,
	LEDGER_FAMILY_IPV6,
	LEDGER_FAMILY_NETLINK,
};

/*
 * A descriptor's life is one word, so that it is always of one piece:
 *   bits 32-63  when it was born: tenths of a second since head.begun_us
 *   bits 20-31  the site of its birth
 *   bits  8-19  its peer: where it connected to, or who was accepted
 *   bits  4-6   enum ledger_family
 *   bit   3     it is open
 *   bits  0-2   enum ledger_kind
 * A name goes with it.  Of an open one: the low half of SO_COOKIE, by which the
 * kernel knows the socket, or 0 while it is young: sockets that live on are asked for
 * it.  Of a closed one: the site of its close.
 */
#define LEDGER_OPEN UINT64_C(8)
#define LEDGER_FAMILY_SHIFT 4
#define LEDGER_PEER_SHIFT 8
#define LEDGER_SITE_SHIFT 20
#define LEDGER_TIME_SHIFT 32
#define LEDGER_NUMBER 0xfff /* a site or a peer */

/* One place that makes or closes sockets: a call stack, innermost frame first. */
struct ledger_site {
	_Atomic uint64_t key;	 /* hash of the return addresses; 0: free */
	_Atomic uint64_t births; /* all that were ever born here */
	_Atomic uint32_t live;	 /* ... and are open by our books */
	_Atomic uint32_t closes; /* all that were closed here */
	_Atomic uint32_t at;	 /* its first frame[] */
	_Atomic uint8_t depth;
	_Atomic uint8_t how;   /* enum ledger_how */
	_Atomic uint16_t next; /* with the same place in site_index; 0: the last */
};

/* How its stack was found. */
enum ledger_how {
	LEDGER_BY_CALLER, /* one frame: who called us */
	LEDGER_BY_FRAMES, /* along the frame pointers; may end early */
	LEDGER_BY_TABLES, /* along the unwind tables */
};

/*
 * A frame is where a call returns to: bits 48-63 the module, bits 0-47 the offset in
 * its file (so the call itself is at a lower one); of module 0: the address as it was.
 */
#define LEDGER_OFFSET_BITS 48

struct ledger_module {
	_Atomic uint64_t base;	/* the address that its file's first byte would have */
	_Atomic uint64_t inode; /* of the file; 0: not known */
	_Atomic uint8_t ready;	/* 0: not yet, or never */
	_Atomic uint8_t cut;	/* its path has lost its beginning */
	_Atomic uint8_t build_id_bytes; /* 0: not known */
	_Atomic uint8_t build_id[LEDGER_BUILD_ID];
	_Atomic char path[LEDGER_PATH]; /* as the process saw it; "[...]": no file */
};

struct ledger_peer {
	_Atomic uint64_t key; /* hash of what follows; 0: free */
	_Atomic uint8_t ip[16];
	_Atomic uint16_t port; /* 0: of who was accepted, it is not kept */
	_Atomic uint8_t version;
	uint8_t spare[3];
	_Atomic uint16_t next;
};

enum ledger_fault {
	LEDGER_NO_FAULT,
	LEDGER_CLOSED_TWICE,	    /* close() said EBADF of a socket we saw closed */
	LEDGER_WRITTEN_AFTER_CLOSE, /* send(), write() or the like said so */
	LEDGER_READ_AFTER_CLOSE,    /* recv(), read() or the like */
};

/* The same three places are one finding, however often. */
struct ledger_finding {
	_Atomic uint64_t key; /* hash of fault and sites; 0: free */
	_Atomic uint32_t count;
	_Atomic uint32_t last;		     /* as a birth's time */
	_Atomic uint32_t fd;		     /* the last one's */
	_Atomic uint16_t fault;		     /* enum ledger_fault */
	_Atomic uint16_t here, closed, born; /* sites */
	_Atomic uint32_t thread;	     /* gettid(2) of the last one */
};

enum ledger_state {
	LEDGER_RUNS = 1,
	LEDGER_ENDED,	/* with sockets open, in good order */
	LEDGER_STOPPED, /* not kept any more: its process filters its system calls */
};

struct ledger_head {
	_Atomic uint64_t magic;
	_Atomic uint64_t start;	    /* field 22 of /proc/PID/stat */
	_Atomic uint64_t begun_us;  /* CLOCK_MONOTONIC, of that time namespace */
	_Atomic uint64_t pid_space; /* inode of /proc/self/ns/pid */
	_Atomic uint32_t begun_s;   /* CLOCK_REALTIME */
	_Atomic uint32_t pid;	    /* as the process knows itself */
	_Atomic uint32_t parent;    /* its pid, where this is a fork child's, or 0 */
	_Atomic uint32_t state;	    /* enum ledger_state */
	_Atomic uint32_t last;	    /* the last birth or death, as a birth's time */
	_Atomic uint32_t highest;   /* no descriptor above it was ever born here */
	_Atomic uint32_t open;	    /* how many are, by our books */
	_Atomic uint32_t unseen;    /* reborn while open: closed behind our back */
	_Atomic uint32_t
		beyond; /* births that found no room: their number is too high */
	_Atomic uint32_t siteless;   /* births whose site found no room */
	_Atomic uint32_t bad_closes; /* EBADF, of numbers that we saw closed */
	_Atomic uint32_t bad_uses;
	_Atomic uint32_t close_eintr, close_eio;
	_Atomic uint32_t sites, frames, modules, peers; /* used so far; may overshoot */
	_Atomic uint32_t limit;				/* RLIMIT_NOFILE's soft one */
	_Atomic uint32_t reported_s;	   /* CLOCK_REALTIME of its last report, or 0 */
	_Atomic char program[LEDGER_PATH]; /* its file */
};

#define LEDGER_INDEX 512

/* A page of descriptors. */
#define LEDGER_ROW 341
#define LEDGER_ROWS ((LEDGER_FDS + LEDGER_ROW - 1) / LEDGER_ROW)

struct ledger_row {
	_Atomic uint64_t life[LEDGER_ROW];
	_Atomic uint32_t name[LEDGER_ROW];
	uint32_t spare;
};

/*
 * In this order, so that a program with few places of few sockets uses few pages: the
 * first sites lie with the head, and the first frames, taken from above, with the first
 * modules.
 */
struct ledger {
	struct ledger_head head;
	uint8_t spare[1024 - sizeof(struct ledger_head)];
	_Atomic uint16_t site_index[LEDGER_INDEX]; /* by key: the first of a chain */
	_Atomic uint16_t peer_index[LEDGER_INDEX];
	struct ledger_site site[LEDGER_SITES];
	uint8_t spare_too[3072];
	_Atomic uint64_t frame[LEDGER_FRAMES];
	struct ledger_module module[LEDGER_MODULES];
	struct ledger_peer peer[LEDGER_PEERS];
	struct ledger_finding finding[LEDGER_FINDINGS];
	_Alignas(4096) struct ledger_row row[LEDGER_ROWS];
};

#define LEDGER_BYTES sizeof(struct ledger)

static inline _Atomic uint64_t *ledger_life_at(struct ledger *l, unsigned int fd)
{
	return &l->row[fd / LEDGER_ROW].life[fd % LEDGER_ROW];
}

static inline _Atomic uint32_t *ledger_name_at(struct ledger *l, unsigned int fd)
{
	return &l->row[fd / LEDGER_ROW].name[fd % LEDGER_ROW];
}

/* What follows is for the process that the ledger is of; others: ledger_view. */

struct ledger_owner {
	uint32_t pid, parent;
	uint64_t start, pid_space;
	uint64_t begun_us;
	uint32_t begun_s;
	const char *program;
};
/* Of a file that holds nothing yet; false: there is no room for it. */
bool ledger_begin(struct ledger *l, const struct ledger_owner *o);
/* Is there room on the disk for this row?  To be asked before anything else of it. */
bool ledger_room(struct ledger *l, unsigned int row);
/* Tenths of a second since it began. */
uint32_t ledger_time(const struct ledger *l, uint64_t now_us);
/* The number of the site with these return addresses, or 0: it is new. */
unsigned int ledger_site_find(struct ledger *l, const uintptr_t *at, unsigned int n);
/* No new ones can be noted. */
bool ledger_is_full(const struct ledger *l);
/*
 * The same, noting it where it is new: its `depth` frames, each as a module and an
 * offset.  0: there is no room.
 */
unsigned int ledger_site_add(struct ledger *l, const uintptr_t *at, unsigned int n,
			     const uint64_t *frames, unsigned int depth,
			     enum ledger_how how);
/* 0: there is no room. */
unsigned int ledger_peer(struct ledger *l, const struct addr *a);

struct ledger_file {
	uint64_t base, inode;
	const char *path;
	const uint8_t *build_id;
	unsigned int build_id_bytes;
};
/* The number of this module, noted where it is new; 0: there is no room. */
unsigned int ledger_module(struct ledger *l, const struct ledger_file *f);
uint64_t ledger_frame(unsigned int module, uint64_t offset);

struct ledger_birth {
	enum ledger_kind kind;
	enum ledger_family family;
	unsigned int site, peer;
	uint32_t at;	 /* ledger_time() */
	uint32_t name;	 /* low half of its SO_COOKIE; 0: not asked yet */
	uint32_t closer; /* of a closed one: the site */
	bool open;
};
/* fd < LEDGER_FDS; kind, family, site, peer, at of b hold. */
void ledger_born(struct ledger *l, unsigned int fd, const struct ledger_birth *b);
/* false: it was not open by our books. */
bool ledger_died(struct ledger *l, unsigned int fd, unsigned int closer, uint32_t at);
/* Of an open one: its name to the kernel; its peer.  Only if it is still the one that
 * was born then (life as ledger_life() said). */
void ledger_named(struct ledger *l, unsigned int fd, uint64_t life, uint32_t name);
void ledger_connected(struct ledger *l, unsigned int fd, unsigned int peer);
uint64_t ledger_life(const struct ledger *l, unsigned int fd);
void ledger_finds(struct ledger *l, enum ledger_fault fault, unsigned int fd,
		  unsigned int here, uint32_t at, uint32_t thread);

#endif
