/* SPDX-License-Identifier: MIT */
/* thread: what one thread owes; see thread.h. */
#include "preload/thread.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/sys.h"
#include "preload/slot.h"

__thread struct thread thread_self;

static void (*at_end)(void *unused);
static _Atomic unsigned int end_key; /* the key plus one; 0: none yet */

void thread_at_end(void (*f)(void *unused))
{
	at_end = f;
}

/*
 * A thread-specific key's destructor runs when its thread ends, in both libcs
 * (pthread_key_create (3)).  Only a thread that owes something takes one; without
 * pthreads there is one thread, and its end is the process's.
 */
static bool watch_end(void)
{
	__typeof__(&pthread_key_create) create;
	__typeof__(&pthread_setspecific) set;
	pthread_key_t key;
	unsigned int none = 0;

	if (thread_self.has_end)
		return true;
	create = (__typeof__(create))real_find("pthread_key_create");
	set = (__typeof__(set))real_find("pthread_setspecific");
	if (!create || !set)
		return thread_self.has_end = true;
	if (!atomic_load(&end_key)) {
		if (create(&key, at_end))
			return false;
		if (!atomic_compare_exchange_strong(&end_key, &none, key + 1)) {
			__typeof__(&pthread_key_delete) drop = (__typeof__(drop))
				real_find("pthread_key_delete");
			if (drop)
				drop(key);
		}
	}
	return thread_self.has_end = !set(atomic_load(&end_key) - 1, &thread_self);
}

/* Signal handlers may come between any two steps: entries change by compare-and-swap.
 */
bool thread_owe(int fd)
{
	if (!watch_end())
		return false;
	for (int i = 0; i < THREAD_OWES; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&thread_self.owed[i], &none,
						    fd + 1))
			continue;
		if (i >= thread_self.used)
			thread_self.used = i + 1;
		atomic_fetch_add_explicit(&thread_self.owes, 1, memory_order_relaxed);
		return true;
	}
	return false;
}

void thread_paid(int fd)
{
	for (int i = 0; i < thread_self.used; i++) {
		int entry = fd + 1;

		if (atomic_compare_exchange_strong(&thread_self.owed[i], &entry, 0))
			atomic_fetch_sub_explicit(&thread_self.owes, 1,
						  memory_order_relaxed);
	}
}

void thread_each_owed(void (*f)(int fd))
{
	if (!thread_owes())
		return;
	for (int i = 0; i < thread_self.used; i++) {
		int entry = atomic_load_explicit(&thread_self.owed[i],
						 memory_order_relaxed);

		if (entry)
			f(entry - 1);
	}
}

void thread_test_cancel(void)
{
	static _Atomic(__typeof__(&pthread_testcancel)) test;
	__typeof__(&pthread_testcancel) f = atomic_load(&test);

	if (!f) {
		f = (__typeof__(f))real_find("pthread_testcancel");
		atomic_store(&test, f);
	}
	if (f)
		f();
}

void thread_vfork(void)
{
	if (!thread_self.vfork_parent)
		atomic_fetch_add(&slot_pending, 1);
	thread_self.vfork_parent = (int)sys1(SYS_getpid, 0);
}

bool thread_is_vfork_child(void)
{
	if (__builtin_expect(!thread_self.vfork_parent, 1))
		return false;
	if ((int)sys1(SYS_getpid, 0) != thread_self.vfork_parent)
		return true;
	thread_self.vfork_parent =
		0; /* the parent again: the child has exec'ed or ended */
	atomic_fetch_sub(&slot_pending, 1);
	return false;
}
