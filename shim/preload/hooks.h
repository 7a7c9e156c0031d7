/* SPDX-License-Identifier: MIT */
/*
 * hooks: the entry points, and nothing else.  What the hooks_*.c files share: the test
 * that everything is quiet, and the ways to answer.  Only those objects mention a
 * hooked name.
 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "preload/book.h"
#include "preload/client.h"
#include "preload/linger.h"
#include "preload/real.h"
#include "preload/slot.h"
#include "preload/sockopt.h"
#include "preload/thread.h"
#include "preload/watch.h"

/*
 * Nothing is pending in this process, so there is nothing to do: one load, one test,
 * one jump. And in the child of a vfork nothing may be done.
 */
static inline bool quiet(void)
{
	return __builtin_expect(
		       !atomic_load_explicit(&slot_pending, memory_order_relaxed), 1) ||
	       thread_is_vfork_child();
}

static inline ssize_t answer(ssize_t r)
{
	if (r >= 0)
		return r;
	real_set_errno((int)-r);
	return -1;
}

static inline ssize_t heard(int fd, ssize_t n)
{
	watch_heard(fd, n);
	if (sockopt_is_quick(fd))
		sockopt_quick(fd);
	return n;
}

/* The program has used fd: if we saw it closed, it should not have. */
static inline ssize_t used_how(int fd, ssize_t r, enum ledger_fault how,
			       const void *here)
{
	if (__builtin_expect(known_glance(fd, KNOWN_CLOSED), 0) &&
	    !thread_is_vfork_child())
		book_heard(fd, r < 0 ? real_errno() : 0, how, here);
	return r;
}

static inline ssize_t used(int fd, ssize_t r, const void *here)
{
	return used_how(fd, r, LEDGER_WRITTEN_AFTER_CLOSE, here);
}

static inline ssize_t used_to_read(int fd, ssize_t r, const void *here)
{
	return used_how(fd, r, LEDGER_READ_AFTER_CLOSE, here);
}

/* A descriptor that was closed, and known before, as real close() answered. */
static inline int closed(int fd, unsigned int known, int r, const void *here)
{
	int e = r < 0 ? real_errno() : 0;

	if (known & KNOWN_OPEN && e)
		book_close_failed(e);
	if (known & KNOWN_CLOSED)
		book_heard(fd, e, LEDGER_CLOSED_TWICE, here);
	return r;
}

/* ... and nothing to be done after a read. */
#define calm_to_read(fd) (calm(fd) && !sockopt_is_quick(fd))
/* Something is pending, but nothing that a call of this thread on fd could touch. */
static inline bool calm(int fd)
{
	return slot_state(fd) == SLOT_PLAIN && thread_is_calm() && !linger_any();
}

/*
 * A hook whose quiet half has to be nothing but tests and the jump: the body that
 * follows is its loud half, out of line, so that the compiler builds no frame before
 * the test.
 */
#define HOOKED(type, name, params, args, at_ease) \
	HOOKED_BUT(type, name, params, args, at_ease, false)
/* ... unless something is known of the descriptor. */
#define HOOKED_BUT(type, name, params, args, at_ease, noted) \
	static __attribute__((noinline)) type loud_##name params; \
	/* something is pending, but perhaps nothing that this call touches */ \
	static __attribute__((noinline)) type busy_##name params \
	{ \
		if (!(noted) && (at_ease)) \
			return REAL(name) args; \
		return loud_##name args; \
	} \
	type name params \
	{ \
		void *real = atomic_load_explicit(&real_table[HOOK_##name], \
						  memory_order_relaxed); \
		int busy = atomic_load_explicit(&slot_pending, memory_order_relaxed); \
		if (__builtin_expect(real && !(noted) && !busy, 1)) \
			return ((__typeof__(&name))real)args; \
		return busy_##name args; \
	} \
	static type loud_##name params

/* Another name that libc exports for the same function; a row ALIAS in hooks.def. */
#define SAME_AS(alias_name, name) \
	__asm__(".globl " #alias_name "\n.set " #alias_name ", " #name "\n")

#endif
