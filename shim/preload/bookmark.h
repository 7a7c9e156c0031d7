/* SPDX-License-Identifier: MIT */
/*
 * bookmark: words that a fork child has not.  Where fork(2) is called by libc itself,
 * as in daemon(3), or by an instruction, no hook sees it; but the kernel wipes a page
 * in the child that was marked so (MADV_WIPEONFORK, Linux 4.14).  async-signal-safe.
 */
#ifndef PRELOAD_BOOKMARK_H
#define PRELOAD_BOOKMARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/real.h"

/* Whose word: each finds out for itself. */
enum bookmark_reader { BOOKMARK_BOOK, BOOKMARK_SEAT, BOOKMARK_READERS };

extern HIDDEN _Atomic(const volatile uint32_t *) bookmark;

/* One page; where the kernel cannot, there is none, and nothing is ever gone. */
void bookmark_make(void);
/* This process is another one than that which made it, or said again that it is. */
static inline bool bookmark_is_gone(enum bookmark_reader who)
{
	const volatile uint32_t *m = atomic_load_explicit(&bookmark,
							  memory_order_relaxed);

	return m && !m[who];
}
/* The reader has its own now. */
void bookmark_again(enum bookmark_reader who);

#endif
