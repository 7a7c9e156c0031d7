/* SPDX-License-Identifier: MIT */
/*
 * slot: one slot per descriptor number.  A memo, never the truth: the kernel's
 * SO_COOKIE is compared before a slot is acted on, since the program may have closed
 * the number behind our back.  Lock-free: the fields are written before the state is
 * published, transitions are compare-and-swap.  async-signal-safe.
 */
#ifndef PRELOAD_SLOT_H
#define PRELOAD_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "preload/real.h"

enum slot_state {
	SLOT_PLAIN,    /* nothing of ours is pending */
	SLOT_DEFERRED, /* connect() was answered, the kernel holds the SYN back */
	SLOT_OPENING,  /* our SYN is out, the handshake has not ended */
	SLOT_WATCHED,  /* connected; who speaks first and the outcome are not known yet
			*/
};

enum slot_flag {
	SLOT_TOLD = 1,	      /* the program believes it is connected */
	SLOT_WROTE = 2,	      /* its first bytes are on their way */
	SLOT_PROMPT = 4,      /* ... at once, from the thread that connected */
	SLOT_BLOCKING = 8,    /* connect() was called in blocking mode */
	SLOT_COOKIE_SYN = 16, /* the kernel had a cookie: our SYN carries it */
	SLOT_SYN_DATA = 32,   /* ... and data */
	SLOT_SHARED = 64,   /* dup or fork: another holder may act on the connection */
	SLOT_FORKED = 512,  /* ... in another process ... */
	SLOT_COPY = 128,    /* ... which keeps the record */
	SLOT_SAID = 256,    /* a connect() has returned 0 */
	SLOT_SHUT = 4096,   /* its sending side ends with the handshake */
	SLOT_SILENT = 2048, /* its SYN was sent again: the memory knows */
	SLOT_LOST = 8192,   /* ... and was lost, with its data: this is a second one */
	SLOT_SEEN = 1024,   /* a loop that waits elsewhere may have been told so */
	SLOT_COMPARED = 16384, /* chance might have had it go plainly, and did not */
};

struct slot {
	uint64_t cookie; /* SO_COOKIE */
	struct addr to;
	uint32_t since_us;   /* when connect() was answered: slot_age_us() */
	uint32_t thread;     /* thread_id() of who called it; later slot_syn_bytes() */
	uint8_t sleeps;	     /* that thread's count of sleeps then */
	uint8_t reason : 4;  /* enum reason: why no data rode in the SYN */
	uint8_t payload : 4; /* enum payload_rule: what may ride in it */
	_Atomic uint16_t flags; /* enum slot_flag */
};

_Static_assert(sizeof(struct slot) == 40, "a million of them is a budget");

#define SLOT_MAX (1 << 20) /* fs.nr_open's default: a million descriptors */

/* How many slots, lingering descriptors and vforks are under way: 0 is the common case.
 */
extern HIDDEN _Atomic int slot_pending;
/* How many of them are deferred. */
extern HIDDEN _Atomic int slot_deferred;
extern HIDDEN _Atomic uint8_t slot_states[SLOT_MAX];

static inline enum slot_state slot_state(int fd)
{
	if ((unsigned int)fd >= SLOT_MAX)
		return SLOT_PLAIN;
	return (enum slot_state)atomic_load_explicit(&slot_states[fd],
						     memory_order_acquire);
}

enum slot_mark {
	MARK_OWN_TFO = 1,  /* the program does Fast Open itself on this socket */
	MARK_LISTENER = 2, /* its TCP_FASTOPEN has been looked at */
	MARK_SAID = 4,	   /* we said 0 to its connect(), the kernel has yet to */
	MARK_ALONE = 8,	   /* made by socket() here, never duplicated, never forked */
	MARK_OURS = 16,	   /* its Fast Open option was set by us */
	MARK_QUICK = 32,   /* TCP_QUICKACK is set again after each read */
	MARK_KEYED = 64,   /* a listener whose keys come from a file */
	MARK_NO_COOKIE = 128, /* its TCP_FASTOPEN_NO_COOKIE was set by us */
	MARK_COUNTED = 256,   /* that its connection was declined is written down */
	MARK_TCP = 512,	      /* socket() made it so */
};

extern HIDDEN _Atomic uint16_t slot_marks[SLOT_MAX];

static inline bool slot_marked(int fd, enum slot_mark m)
{
	return (unsigned int)fd < SLOT_MAX &&
	       atomic_load_explicit(&slot_marks[fd], memory_order_relaxed) & m;
}

static inline void slot_mark(int fd, enum slot_mark m)
{
	if ((unsigned int)fd < SLOT_MAX)
		atomic_fetch_or_explicit(&slot_marks[fd], (uint16_t)m,
					 memory_order_relaxed);
}

static inline void slot_unmark(int fd, enum slot_mark m)
{
	if (slot_marked(fd, m))
		atomic_fetch_and_explicit(&slot_marks[fd], (uint16_t)~m,
					  memory_order_relaxed);
}

/* socket() made it; and: every descriptor of the process has another holder now. */
void slot_alone(int fd);
void slot_none_alone(void);

/* Room for fd's fields; NULL: out of range or of memory. */
struct slot *slot_room(int fd);
/* The slot of fd in any state but plain, when it is still that socket; else it is
 * forgotten. */
struct slot *slot_of(int fd);
/* The same without asking the kernel: for bookkeeping, never to act on the socket. */
struct slot *slot_noted(int fd);
/* Sets the state whatever it was. */
void slot_set(int fd, enum slot_state to);
/* false: it was not in that state (any more). */
bool slot_move(int fd, enum slot_state from, enum slot_state to);
/*
 * dup gives a connection several slots, all with the same record: these act on fd's and
 * on all of them.  false: fd's was not in that state (any more).
 */
void slot_flag_all(int fd, unsigned int flags);
/* SLOT_SYN_DATA: so many bytes. */
void slot_rode_all(int fd, size_t bytes);
bool slot_move_all(int fd, enum slot_state from, enum slot_state to);
/* Another descriptor of this process for fd's connection, or -1. */
int slot_twin(int fd);
/* The lowest descriptor from `from` on that is not plain, or -1. */
int slot_next(int from);
/* Calls f for every descriptor from first to last (inclusive) that is not plain. */
void slot_each(unsigned int first, unsigned int last, void (*f)(int fd));

/* A new descriptor has this number: what was noted was another's. */
static inline void slot_born(int fd)
{
	if ((unsigned int)fd >= SLOT_MAX)
		return;
	if (slot_state(fd) != SLOT_PLAIN)
		slot_set(fd, SLOT_PLAIN);
	if (atomic_load_explicit(&slot_marks[fd], memory_order_relaxed))
		atomic_store_explicit(&slot_marks[fd], 0, memory_order_relaxed);
}

/* Microseconds since then, by a clock that wraps after 71 minutes: ages are short. */
static inline uint32_t slot_age_us(const struct slot *s, uint64_t now_us)
{
	return (uint32_t)now_us - s->since_us;
}

static inline bool slot_has(struct slot *s, enum slot_flag f)
{
	return atomic_load_explicit(&s->flags, memory_order_relaxed) & f;
}

/* How many bytes rode in the SYN: once they have, nobody asks for the thread. */
static inline uint16_t slot_syn_bytes(const struct slot *s)
{
	return (uint16_t)s->thread;
}

static inline void slot_unflag(struct slot *s, unsigned int f)
{
	atomic_fetch_and_explicit(&s->flags, (uint16_t)~f, memory_order_relaxed);
}

static inline void slot_flag(struct slot *s, unsigned int f)
{
	atomic_fetch_or_explicit(&s->flags, (uint16_t)f, memory_order_relaxed);
}

#endif
