/* SPDX-License-Identifier: MIT */
/* retry: calls on a connection that is opened again; see retry.h. */
#include "preload/retry.h"

#include <poll.h>
#include <sys/time.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/revive.h"
#include "preload/thread.h"

/* There was no second SYN: its error, once. */
static int failure(struct slot *s)
{
	struct kept *k = revive_kept(s);
	int error;

	if (!k || kept_state(k) != KEPT_FAILED ||
	    !kept_seize(k, s->cookie, KEPT_FAILED))
		return 0;
	error = k->error;
	kept_yield(k, KEPT_FREE);
	return error;
}

/* The program's own bound to a wait on this socket. */
static uint64_t patience_us(int fd)
{
	static const int names[] = { SO_RCVTIMEO, SO_SNDTIMEO };
	uint64_t least = UINT64_MAX / 2;

	for (int i = 0; i < 2; i++) {
		struct timeval t = { 0, 0 };
		socklen_t len = sizeof(t);
		uint64_t us;

		if (sys_getsockopt(fd, SOL_SOCKET, names[i], &t, &len))
			continue;
		us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
		if (us && us < least)
			least = us;
	}
	return least;
}

/* A blocking call would miss the refusal, or the moment to send what is owed. */
static int sleep_on(int fd, struct slot *s)
{
	uint64_t start = clock_now_us(), end = start + patience_us(fd);
	struct kernel_hold h;
	int r = 0;

	kernel_hold(&h);
	while (!r && (revive_step(fd, s) || revive_is_under_way(s)) &&
	       clock_now_us() < end) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		uint64_t slice = revive_slice_us(clock_now_us() - start);

		r = kernel_poll_held(&h, &p, 1, (int)(slice / 1000) + 1);
		r = r == 0 && kernel_is_due(&h);
	}
	return kernel_release(&h);
}

#define BESIDE_MOST 16

/* What this thread wrote and may have to write again: each is looked at, and polled. */
static unsigned int beside(struct pollfd *p)
{
	unsigned int n = 0;
	struct kept *k;

	for (int i = 0; (k = kept_next(&i)) && n < BESIDE_MOST; i++) {
		int fd = atomic_load(&k->fd);
		struct slot *s = revive_may(fd) ? slot_of(fd) : NULL;

		if (!s || k->thread != thread_id())
			continue;
		revive_step(fd, s);
		if (revive_is_under_way(s))
			p[n++] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	}
	return n;
}

int retry_beside(int fd, short events)
{
	uint64_t end = thread_self.rode_us + RETRY_BESIDE_US, now;
	struct pollfd p[BESIDE_MOST + 1];
	struct kernel_hold h;
	unsigned int n;
	int r = 1;

	kernel_hold(&h);
	while (r > 0 && (now = clock_now_us()) < end && (n = beside(p + 1))) {
		p[0] = (struct pollfd){ .fd = fd, .events = events };
		r = kernel_poll_held(&h, p, n + 1, (int)((end - now) / 1000) + 1);
		if (p[0].revents)
			break;
	}
	return kernel_release(&h);
}

/* What is owed comes before what is new: the kernel must not get that first. */
int retry_before(int fd, enum retry_call call)
{
	struct slot *s = kept_any() && revive_may(fd) ? slot_of(fd) : NULL;
	int cut = 0;

	if (!revive_kept(s))
		return 0;
	if (call & RETRY_WAITS && sys_blocks(fd))
		cut = sleep_on(fd, s);
	else if (revive_step(fd, s) && call & RETRY_WRITES)
		return -EAGAIN;
	return cut == -EINTR ? cut : failure(s);
}

bool retry_mended(int fd, long said)
{
	struct slot *s = kept_any() && revive_may(fd) ? slot_of(fd) : NULL;
	struct kept *k = revive_kept(s);
	bool ended = said == 0 || learn_is_failure(real_errno()) ||
		     real_errno() == ENOTCONN;

	/* one that is opened again already cannot have said so by itself */
	if (!k || (kept_state(k) != KEPT_HELD &&
		   (said == 0 || !learn_is_failure(real_errno()))))
		return false;
	return ended ? revive_ended(fd, s) : revive_step(fd, s);
}

bool retry_after(int fd, enum retry_call call, long said)
{
	int r;

	if (!retry_mended(fd, said))
		return false;
	r = retry_before(fd, call);
	if (r)
		real_set_errno(-r);
	return !r;
}
