/* SPDX-License-Identifier: MIT */
/* linger: closed by the program, but still opening; see linger.h. */
#include "preload/linger.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/kept.h"
#include "preload/learn.h"
#include "preload/revive.h"
#include "preload/thread.h"

#define LINGERS 256

#define NUMBER_MOST 4096
#define FINISHING (-1)
#define LOOK_MS 500

static _Atomic int list[LINGERS]; /* descriptor plus one; 0: free */
static uint64_t closed_us[LINGERS];
static struct slot closing[LINGERS];
static bool only_shut[LINGERS]; /* the program has not closed it */
_Atomic int linger_count;

/*
 * A high number, out of the program's way; but not so high that the kernel's table of
 * the process's descriptors grows for it.
 */
static int duplicate(int fd)
{
	struct rlimit limit = { 1024, 1024 };
	int copy = -EMFILE;

	sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	if (limit.rlim_cur > NUMBER_MOST)
		limit.rlim_cur = NUMBER_MOST;
	if (limit.rlim_cur > 2 * LINGERS)
		copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur - LINGERS);
	return copy >= 0 ? copy
			 : sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur / 2);
}

static bool put(int copy, const struct slot *s, bool shut)
{
	for (int i = 0; i < LINGERS; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&list[i], &none, FINISHING))
			continue;
		closed_us[i] = thread_self.closed_us = clock_now_us();
		closing[i] = *s;
		only_shut[i] = shut;
		if (!shut && kept_any())
			kept_moves(s->cookie, KEPT_CLOSED);
		atomic_store(&list[i], copy + 1);
		atomic_fetch_add(&linger_count, 1);
		atomic_fetch_add(&slot_pending, 1);
		return true;
	}
	return false;
}

static void one_less(void)
{
	atomic_fetch_sub(&linger_count, 1);
	atomic_fetch_sub(&slot_pending, 1);
}

static void done(int i, int entry)
{
	if (!atomic_compare_exchange_strong(&list[i], &entry, FINISHING))
		return; /* another thread reaped it */
	if (only_shut[i]) {
		sys2(SYS_shutdown, entry - 1, SHUT_WR);
	} else {
		learn_connection(entry - 1, &closing[i]);
		if (!slot_has(&closing[i], SLOT_SHARED))
			kernel_send_fin(entry - 1);
	}
	if (!only_shut[i] && kept_any())
		kept_release(closing[i].cookie);
	sys_close(entry - 1);
	atomic_store(&list[i], 0);
	one_less();
}

static void drop_oldest(void)
{
	int oldest = 0;

	for (int i = 1; i < LINGERS; i++)
		if (closed_us[i] < closed_us[oldest])
			oldest = i;
	done(oldest, atomic_load(&list[oldest]));
}

static bool add(int fd, const struct slot *s, bool shut)
{
	int copy;

	linger_reap();
	copy = duplicate(fd);
	if (copy < 0)
		return false;
	for (int i = 0; i < 3; i++, drop_oldest())
		if (put(copy, s, shut))
			return true;
	sys_close(copy);
	return false;
}

bool linger_add(int fd, const struct slot *s)
{
	struct slot last = *s;

	if (add(fd, s, false))
		return true;
	kernel_wait_handshake(fd, LINGER_SETTLE_MS);
	revive_settle(fd, &last, LINGER_SETTLE_MS);
	return false;
}

bool linger_shut(int fd, const struct slot *s)
{
	return add(fd, s, true);
}

/*
 * Is this entry still our duplicate?  Somebody may have closed the number behind our
 * back and have another file there now: then it is not ours to touch.
 */
static bool is_held(int i, int entry)
{
	if (entry <= 0)
		return false;
	if (kernel_cookie(entry - 1) == closing[i].cookie)
		return true;
	if (atomic_compare_exchange_strong(&list[i], &entry, 0)) {
		if (kept_any() && !only_shut[i])
			kept_release(closing[i].cookie);
		one_less();
	}
	return false;
}

void linger_reap(void)
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]);
		bool ended;

		if (!is_held(i, entry))
			continue;
		ended = kernel_wait_handshake(entry - 1, 0);
		if (revive_step(entry - 1, &closing[i]))
			continue; /* its bytes are still to come */
		if (ended)
			done(i, entry);
		else if (clock_now_us() - closed_us[i] > LEARN_SILENCE_US)
			learn_silence_of(entry - 1, &closing[i]);
	}
}

/* Those that have been closed for less than patience; the longest time any has left. */
static int young(struct pollfd *p, int patience_ms, int *ret_left_ms)
{
	uint64_t now = clock_now_us();
	int n = 0;

	*ret_left_ms = 0;
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]);
		int age_ms = (int)((now - closed_us[i]) / 1000);

		if (entry <= 0 || age_ms >= patience_ms)
			continue;
		p[n++] = (struct pollfd){ .fd = entry - 1, .events = POLLOUT };
		if (patience_ms - age_ms > *ret_left_ms)
			*ret_left_ms = patience_ms - age_ms;
	}
	return n;
}

static int wait_for(int fd, short events, int patience_ms)
{
	struct pollfd p[LINGERS + 1];
	struct kernel_hold h;
	int n, left_ms, slice_ms, r = 1;

	kernel_hold(&h);
	do {
		linger_reap();
		p[0] = (struct pollfd){ .fd = fd, .events = events };
		n = young(p + 1, patience_ms, &left_ms);
		slice_ms = kept_any() && left_ms > LOOK_MS ? LOOK_MS : left_ms;
		r = n ? kernel_poll_held(&h, p, (unsigned int)n + 1, slice_ms) : 0;
		if (p[0].revents)
			break;
	} while (r > 0 || (slice_ms < left_ms && !kernel_is_due(&h)));
	linger_reap(); /* what has not come until now is silent */
	return kernel_release(&h);
}

int linger_settle(int fd, short events, int patience_ms)
{
	/* who has closed nothing lately owes nobody a FIN */
	if (!linger_any() ||
	    clock_now_us() - thread_self.closed_us >= (uint64_t)patience_ms * 1000)
		return 0;
	return wait_for(fd, events, patience_ms);
}

void linger_wait(void)
{
	uint64_t end = clock_now_us() + LINGER_END_MS * 1000ull;

	while (linger_any() && wait_for(-1, 0, LINGER_END_MS) && clock_now_us() < end)
		; /* signals do not end the end */
}

void linger_drop(void)
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]);

		if (is_held(i, entry) &&
		    atomic_compare_exchange_strong(&list[i], &entry, 0)) {
			sys_close(entry - 1);
			one_less();
		}
	}
}

int linger_between(unsigned int from, unsigned int to)
{
	int best = -1;

	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]), fd = entry - 1;

		if (fd >= 0 && (unsigned int)fd >= from && (unsigned int)fd <= to &&
		    (best < 0 || fd < best) && is_held(i, entry))
			best = fd;
	}
	return best;
}

bool linger_is_ours(int fd)
{
	return fd >= 0 && linger_between((unsigned int)fd, (unsigned int)fd) == fd;
}

/* No number is left for it: it gets a moment, and is closed. */
static void give_up(int i, int entry)
{
	kernel_wait_handshake(entry - 1, LINGER_SETTLE_MS);
	done(i, entry);
}

void linger_move(int fd)
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]), copy;

		if (entry - 1 != fd || !is_held(i, entry))
			continue;
		copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
		if (copy < 0)
			copy = duplicate(fd);
		if (copy < 0)
			give_up(i, entry);
		else if (atomic_compare_exchange_strong(&list[i], &entry, copy + 1))
			sys_close(fd);
	}
}
