/* SPDX-License-Identifier: MIT */
/*
 * thread: what one thread owes.  The connections it deferred and has not materialized,
 * when it last slept, and whether it is, just now, the child of its own vfork(2).
 * Thread-local; only the thread itself and its signal handlers touch it.
 */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "preload/real.h"

#define THREAD_OWES 128 /* connections one thread may hold back at a time */

struct thread {
	uint8_t sleeps;	       /* blocking calls, counted while anything is pending */
	uint64_t woke_us;      /* when the last of them ended */
	uint64_t connected_us; /* when its last connect() that waited ended */
	int fresh;	       /* blocking, connected, not written to yet; plus one */
	int vfork_parent;      /* our pid, while a vfork may be under way */
	uint64_t closed_us;    /* when it last left a connection to linger */
	uint64_t rode_us;      /* ... let bytes ride, and did not wait */
	bool has_end;	       /* thread_at_end is armed */
	_Atomic int owes;      /* entries in use below ... */
	volatile int used;     /* ... all of them before this one */
	_Atomic int owed[THREAD_OWES]; /* descriptor plus one; 0: free */
};

extern HIDDEN __thread struct thread thread_self
	__attribute__((tls_model("initial-exec")));

/* A name for this thread, good for telling it from its siblings. */
static inline uint32_t thread_id(void)
{
	return (uint32_t)((uintptr_t)&thread_self >> 4);
}

/* This thread owes nothing, waits for nothing to be written, is in no vfork. */
static inline bool thread_is_calm(void)
{
	return !(thread_self.fresh | thread_self.vfork_parent |
		 atomic_load_explicit(&thread_self.owes, memory_order_relaxed)) &&
	       !thread_self.rode_us;
}

static inline void thread_not_fresh(int fd)
{
	if (thread_self.fresh == fd + 1)
		thread_self.fresh = 0;
}

/* false: no room, or the thread's end could not be watched: then it must not defer. */
bool thread_owe(int fd);
void thread_paid(int fd);
static inline bool thread_owes(void)
{
	return atomic_load_explicit(&thread_self.owes, memory_order_relaxed) > 0;
}
/* Calls f for every entry; entries may be stale: the slot knows. */
void thread_each_owed(void (*f)(int fd));
/* What a thread does with its debts when it ends; set once, before any thread owes. */
void thread_at_end(void (*f)(void *unused));

/* pthread_testcancel(3), where there are threads. */
void thread_test_cancel(void);

/* Between vfork() and exec the child runs on our memory: it must touch none of ours. */
void thread_vfork(void);
bool thread_is_vfork_child(void);

#endif
