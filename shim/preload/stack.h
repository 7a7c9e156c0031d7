/* SPDX-License-Identifier: MIT */
/*
 * stack: where in the program a call came from: its caller, or the whole call stack
 * (along the unwind tables by the host's own unwinder, where that takes no lock; else
 * along the frame pointers), as a site of the ledger.  async-signal-safe.
 */
#ifndef PRELOAD_STACK_H
#define PRELOAD_STACK_H

#include <stdbool.h>

#include "core/ledger.h"

/* The frame of the hook: above it lies where the program goes on. */
#define STACK_HERE __builtin_frame_address(0)

/* At the start of the process: whole stacks are asked for, so look for an unwinder. */
void stack_setup(void);
/* The site's number, 0: there is no room; frame is some hook's STACK_HERE. */
unsigned int stack_site(struct ledger *l, const void *frame, bool whole);

#endif
