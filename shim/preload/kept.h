/* SPDX-License-Identifier: MIT */
/*
 * kept: copies of the bytes that rode in a SYN, until the handshake has ended: should
 * the SYN be lost because of them, they are all that is left.  Bounded, lock-free; who
 * turns an entry to KEPT_BUSY has it for himself.  It knows no socket.
 * async-signal-safe.
 */
#ifndef PRELOAD_KEPT_H
#define PRELOAD_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/payload.h"
#include "preload/real.h"

#define KEPT_MOST 1024
#define KEPT_BYTES PAYLOAD_BYTES

enum kept_state {
	KEPT_FREE,
	KEPT_RIDING,   /* its SYN is being sent */
	KEPT_HELD,     /* ... is under way */
	KEPT_REOPENED, /* a second SYN is, without the bytes: they are owed */
	KEPT_FAILED,   /* there was no second SYN: `error` is to be told */
	KEPT_BUSY,     /* a thread acts on it */
};

struct kept {
	_Atomic uint64_t cookie; /* the connection's SO_COOKIE */
	_Atomic int fd;		 /* a descriptor of it, KEPT_CLOSED: the program has
				    none */
	_Atomic uint8_t state;	 /* enum kept_state */
	uint8_t retries;	 /* its TCP_SYNCNT is to be set to that again; 0: no */
	uint16_t length, sent;	 /* of the bytes */
	uint32_t thread;	 /* thread_id() of who wrote them */
	int error;
};

#define KEPT_CLOSED (-1)

/* How many entries are in use; how many of them owe their bytes. */
extern HIDDEN _Atomic int kept_count;
extern HIDDEN _Atomic int kept_owed;

static inline bool kept_any(void)
{
	return __builtin_expect(
		atomic_load_explicit(&kept_count, memory_order_relaxed) > 0, 0);
}

static inline bool kept_owes(void)
{
	return atomic_load_explicit(&kept_owed, memory_order_relaxed) > 0;
}

/* Is there room, and some to spare for who is told so at the same time? */
bool kept_has_room(void);
/*
 * A copy of n bytes, which are about to ride; what was kept for that connection before
 * is gone.  NULL: no room.
 */
struct kept *kept_take(uint64_t cookie, int fd, const void *bytes, size_t n);
/* The SYN took the first n of them; 0: it took none, the entry is free again. */
void kept_rode(struct kept *k, uint64_t cookie, size_t n);
/* NULL: nothing is kept for that connection. */
struct kept *kept_find(uint64_t cookie);
/* The first entry from number *at on that is in use, or NULL; *at is its number. */
struct kept *kept_next(int *at);
const void *kept_bytes(const struct kept *k);

static inline enum kept_state kept_state(const struct kept *k)
{
	return (enum kept_state)atomic_load_explicit(&k->state, memory_order_acquire);
}

/* Takes the entry; false: it is not in that state, or another connection's, by now. */
bool kept_seize(struct kept *k, uint64_t cookie, enum kept_state from);
/* Gives it back, or up: KEPT_FREE. */
void kept_yield(struct kept *k, enum kept_state to);
/* Nothing is to be kept for that connection any more, whatever its state. */
void kept_release(uint64_t cookie);
/* The connection is to be found by another descriptor now, or by none. */
void kept_moves(uint64_t cookie, int fd);
/* In a fork child: the parent has the originals. */
void kept_forget(void);

#endif
