/* SPDX-License-Identifier: MIT */
/* watchdog: a thread for who asks for it; see watchdog.h. */
#include "preload/watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/debt.h"
#include "preload/linger.h"
#include "preload/revive.h"
#include "preload/real.h"
#include "preload/slot.h"
#include "preload/thread.h"

#define LOOK_NS 2500000 /* half of what it looks for */
#define WATCH_US \
	5000000 /* a connection that was held back is closed by then, or lives */

static atomic_flag running = ATOMIC_FLAG_INIT;
static _Atomic uint32_t wanted; /* counts what it is needed for */

static void let_go(int fd)
{
	if (slot_state(fd) == SLOT_DEFERRED && debt_is_overdue(fd))
		debt_materialize(fd);
}

/* Nothing has been held back for a while: the thread goes, unless one just was. */
static bool may_end(uint32_t seen)
{
	atomic_flag_clear(&running);
	return atomic_load(&wanted) == seen || atomic_flag_test_and_set(&running);
}

/* It ends when it is idle, so that a process whose other threads have ended can end. */
static void *watch(void *unused)
{
	const struct timespec little = { 0, LOOK_NS };
	uint64_t now = clock_now_us(), until = now + WATCH_US;
	uint32_t last = atomic_load(&wanted), seen = last;

	(void)unused;
	while (now < until || !may_end(seen)) {
		seen = atomic_load(&wanted);
		now = clock_now_us();
		if (seen != last || atomic_load(&slot_deferred) || linger_any() ||
		    kept_any())
			until = now + WATCH_US;
		last = seen;
		slot_each(0, SLOT_MAX - 1, let_go);
		linger_reap();
		revive_look(now);
		sys2(SYS_nanosleep, &little, NULL);
	}
	return NULL;
}

/* Without pthreads there is none: then the program is as it would be without the key.
 */
static void start(void)
{
	__typeof__(&pthread_create) create;
	__typeof__(&pthread_detach) detach;
	uint64_t mask;
	pthread_t thread;

	create = (__typeof__(create))real_find("pthread_create");
	detach = (__typeof__(detach))real_find("pthread_detach");
	if (!create || !detach)
		return;
	sys_hold_signals(&mask);
	if (!create(&thread, NULL, watch, NULL))
		detach(thread);
	else
		atomic_flag_clear(&running);
	sys_let_signals(&mask);
}

void watchdog_guard(void)
{
	atomic_fetch_add(&wanted, 1);
	if (!atomic_flag_test_and_set(&running))
		start();
}

void watchdog_after_fork(void)
{
	atomic_flag_clear(&running);
}
