/* SPDX-License-Identifier: MIT */
/* linger: closed by the program, but still opening; see linger.h. */
#include "preload/linger.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/learn.h"

#define LINGERS 64
#define PATIENCE_US 1000000

#define FINISHING (-1)

static _Atomic int list[LINGERS]; /* descriptor plus one; 0: free */
static uint64_t closed_us[LINGERS];
static struct slot closing[LINGERS];
_Atomic int linger_count;

static int duplicate(int fd)
{
	struct rlimit limit = { 1024, 1024 };
	int copy;

	sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	if (limit.rlim_cur > SLOT_MAX)
		limit.rlim_cur = SLOT_MAX;
	copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur - LINGERS);
	return copy >= 0 ? copy
			 : sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur / 2);
}

static bool put(int copy, const struct slot *s)
{
	for (int i = 0; i < LINGERS; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&list[i], &none, FINISHING))
			continue;
		closed_us[i] = clock_now_us();
		closing[i] = *s;
		atomic_store(&list[i], copy + 1);
		atomic_fetch_add(&linger_count, 1);
		atomic_fetch_add(&slot_pending, 1);
		return true;
	}
	return false;
}

bool linger_add(int fd, const struct slot *s)
{
	int copy;

	linger_reap();
	copy = duplicate(fd);
	if (copy < 0)
		return false;
	if (put(copy, s))
		return true;
	sys_close(copy);
	return false;
}

static void done(int i, int entry)
{
	if (!atomic_compare_exchange_strong(&list[i], &entry, FINISHING))
		return; /* another thread reaped it */
	learn_connection(entry - 1, &closing[i]);
	if (!slot_has(&closing[i], SLOT_SHARED))
		kernel_send_fin(entry - 1);
	sys_close(entry - 1);
	atomic_store(&list[i], 0);
	atomic_fetch_sub(&linger_count, 1);
	atomic_fetch_sub(&slot_pending, 1);
}

static void each(int (*timeout)(int i))
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]);

		if (entry > 0 && kernel_wait_handshake(entry - 1, timeout(i)))
			done(i, entry);
	}
}

static int no_time(int i)
{
	(void)i;
	return 0;
}

static int until_patience_ends(int i)
{
	uint64_t now = clock_now_us(), end = closed_us[i] + PATIENCE_US;

	return now < end ? (int)((end - now) / 1000) : 0;
}

static int for_ever(int i)
{
	(void)i;
	return -1;
}

void linger_reap(void)
{
	each(no_time);
}

void linger_settle(void)
{
	each(until_patience_ends);
}

void linger_wait(void)
{
	each(for_ever);
}

void linger_drop(void)
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]);

		if (entry > 0 && atomic_compare_exchange_strong(&list[i], &entry, 0)) {
			sys_close(entry - 1);
			atomic_fetch_sub(&linger_count, 1);
			atomic_fetch_sub(&slot_pending, 1);
		}
	}
}

int linger_between(unsigned int from, unsigned int to)
{
	int best = -1;

	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int fd = atomic_load(&list[i]) - 1;

		if (fd >= 0 && (unsigned int)fd >= from && (unsigned int)fd <= to &&
		    (best < 0 || fd < best))
			best = fd;
	}
	return best;
}

bool linger_is_ours(int fd)
{
	return fd >= 0 && linger_between((unsigned int)fd, (unsigned int)fd) == fd;
}

void linger_move(int fd)
{
	for (int i = 0; i < LINGERS && linger_any(); i++) {
		int entry = atomic_load(&list[i]), copy;

		if (entry <= 0 || entry - 1 != fd)
			continue;
		copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
		if (copy < 0)
			copy = duplicate(fd);
		if (copy < 0)
			kernel_wait_handshake(fd, -1);
		else if (atomic_compare_exchange_strong(&list[i], &entry, copy + 1))
			sys_close(fd);
	}
}
