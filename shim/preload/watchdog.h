/* SPDX-License-Identifier: MIT */
/*
 * watchdog: where the policy asks for it (watchdog = on), a thread that lets go what
 * has been held back for longer than WATCH_PROMPT_US, and ends what lingers, for a
 * program that computes or sleeps where no hook sees it.  It blocks all signals and
 * ends when it has been idle for some seconds; without that key there is none.
 */
#ifndef PRELOAD_WATCHDOG_H
#define PRELOAD_WATCHDOG_H

/* A connection has been held back under such a rule.  Not from a signal handler. */
void watchdog_guard(void);
/* A fork child has no such thread. */
void watchdog_after_fork(void);

#endif
