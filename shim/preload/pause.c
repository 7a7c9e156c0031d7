/* SPDX-License-Identifier: MIT */
/* pause: nothing sleeps while a SYN is owed; see pause.h. */
#include "preload/pause.h"

#include <poll.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/client.h"
#include "preload/debt.h"
#include "preload/learn.h"
#include "preload/linger.h"
#include "preload/retry.h"
#include "preload/revive.h"
#include "preload/thread.h"
#include "preload/watch.h"

/* PIPE_BUF: what a ready descriptor takes without blocking */
#define ATOMIC_WRITE 4096
#define LONGEST_S 100000000 /* three years */
#define LONGEST_US (LONGEST_S * 1000000ull)

/* What was connected before is not written to at once any more. */
static void sleeps(void)
{
	thread_self.sleeps++;
	thread_self.fresh = 0;
}

int pause_before(int patience_ms)
{
	int cut;

	debt_pay();
	cut = linger_settle(
		-1, 0, patience_ms < LINGER_SETTLE_MS ? patience_ms : LINGER_SETTLE_MS);
	sleeps();
	return cut;
}

void pause_after(void)
{
	thread_self.woke_us = clock_now_us();
}

/* What this thread let ride may have to be sent again while it sleeps. */
static bool rode_lately(void)
{
	if (thread_self.rode_us &&
	    (!kept_any() || clock_now_us() - thread_self.rode_us >= RETRY_BESIDE_US))
		thread_self.rode_us = 0;
	return thread_self.rode_us != 0;
}

bool pause_on(int fd, short events, size_t n)
{
	bool fresh = thread_self.fresh && thread_self.fresh != fd + 1;
	bool rode = rode_lately();
	int cut;

	if (!fresh && !rode && !thread_owes() && !linger_any())
		return true;
	if (!sys_blocks(fd) ||
	    (n <= ATOMIC_WRITE && sys_poll1(fd, events, 0, NULL) > 0))
		return true;
	debt_pay();
	cut = linger_settle(fd, events, LINGER_SETTLE_MS);
	if (rode && cut != -EINTR)
		cut = retry_beside(fd, events);
	sleeps();
	return cut != -EINTR;
}

/* Something has to be seen to now and then. */
static bool is_restless(void)
{
	return linger_any() || kept_any();
}

static void start(struct pause *p)
{
	linger_reap();
	debt_pay_overdue(); /* before the kernel is asked whether they are writable */
	p->cut = debt_keep_word();
	p->start_us = clock_now_us();
	learn_silence(p->start_us);
	revive_look(p->start_us);
	p->step = PAUSE_FULL;
	if (thread_owes() || thread_self.fresh) /* would it sleep at all? */
		p->step = PAUSE_PROBE;
	else if (is_restless())
		p->step = PAUSE_SLICE;
	p->zero = p->for_ever = p->held = false;
	p->end_us = p->start_us;
}

static void lasts(struct pause *p, uint64_t us)
{
	if (us > LONGEST_US) { /* "for ever" as a number */
		p->for_ever = true;
		us = LONGEST_US;
	}
	p->zero = us == 0;
	p->end_us = p->start_us + us;
	if (p->zero && p->step == PAUSE_SLICE)
		p->step = PAUSE_FULL;
	if (p->step != PAUSE_PROBE && us)
		sleeps();
}

void pause_ms(struct pause *p, int timeout_ms)
{
	start(p);
	p->ms = timeout_ms;
	p->for_ever = timeout_ms < 0;
	lasts(p, p->for_ever ? 1 : (uint64_t)timeout_ms * 1000);
}

/* A timeout that cannot be read or that the kernel will refuse: the plain call. */
static void not_ours(struct pause *p)
{
	debt_pay();
	p->step = PAUSE_FULL;
}

static uint64_t us_of(time_t s, uint64_t us)
{
	return s > LONGEST_S ? LONGEST_US + 1 : (uint64_t)s * 1000000 + us;
}

void pause_timespec(struct pause *p, const struct timespec *timeout)
{
	start(p);
	p->timespec = timeout;
	p->for_ever = !timeout;
	if (p->step == PAUSE_FULL || !timeout)
		lasts(p, 1);
	else if (!sys_readable(timeout, sizeof(*timeout)) || timeout->tv_sec < 0 ||
		 (unsigned long)timeout->tv_nsec > 999999999)
		not_ours(p);
	else
		lasts(p, us_of(timeout->tv_sec,
			       ((uint64_t)timeout->tv_nsec + 999) / 1000));
}

void pause_timeval(struct pause *p, struct timeval *timeout)
{
	start(p);
	p->timeval = timeout;
	p->for_ever = !timeout;
	if (p->step == PAUSE_FULL || !timeout)
		lasts(p, 1);
	else if (!sys_readable(timeout, sizeof(*timeout)) || timeout->tv_sec < 0 ||
		 timeout->tv_usec < 0)
		not_ours(p);
	else
		lasts(p, us_of(timeout->tv_sec, (uint64_t)timeout->tv_usec));
}

/* Short while the handshake is young, so that the FIN is late by an eighth at most. */
static uint64_t slice_us(struct pause *p)
{
	uint64_t now = clock_now_us(), slice = (now - p->start_us) / 8;

	if (slice < 1000)
		slice = 1000;
	if (kept_any() && !linger_any())
		slice = revive_slice_us(now - p->start_us);
	else if (!linger_any())
		slice = p->for_ever ? UINT64_MAX : slice + (p->end_us - p->start_us);
	if (p->for_ever || now + slice < p->end_us)
		return slice;
	return now < p->end_us ? p->end_us - now : 0;
}

const sigset_t *pause_mask(struct pause *p, const sigset_t *asked)
{
	if (p->step != PAUSE_SLICE)
		return asked;
	if (!p->held) {
		sys_hold_signals((uint64_t *)&p->mask);
		p->held = true;
	}
	return asked ? asked : &p->mask;
}

static bool done(struct pause *p)
{
	if (p->held)
		sys_let_signals((const uint64_t *)&p->mask);
	thread_self.woke_us = clock_now_us();
	return false;
}

int pause_next_ms(struct pause *p)
{
	uint64_t us;

	if (p->step == PAUSE_PROBE)
		return 0;
	if (p->step == PAUSE_FULL)
		return p->ms;
	us = slice_us(p);
	return us == UINT64_MAX ? -1 : (int)((us + 999) / 1000);
}

static struct timespec *own_timespec(struct pause *p)
{
	uint64_t us = p->step == PAUSE_PROBE ? 0 : slice_us(p);

	if (us == UINT64_MAX)
		return NULL;
	p->next_ts = (struct timespec){ (time_t)(us / 1000000),
					(long)(us % 1000000) * 1000 };
	return &p->next_ts;
}

const struct timespec *pause_next_timespec(struct pause *p)
{
	return p->step == PAUSE_FULL ? p->timespec : own_timespec(p);
}

struct timeval *pause_next_timeval(struct pause *p)
{
	if (p->step == PAUSE_FULL)
		return p->timeval;
	if (!own_timespec(p))
		return NULL;
	p->next_tv = (struct timeval){ p->next_ts.tv_sec, p->next_ts.tv_nsec / 1000 };
	return &p->next_tv;
}

bool pause_may_go_on(const struct pause *p)
{
	return p->step != PAUSE_FULL || p->zero;
}

bool pause_again(struct pause *p, int r)
{
	if (r != 0 || p->zero) {
		if (r > 0)
			watch_told();
		return done(p);
	}
	switch (p->step) {
	case PAUSE_PROBE:
		debt_pay();
		sleeps();
		p->step = is_restless() ? PAUSE_SLICE : PAUSE_FULL;
		return true;
	case PAUSE_SLICE:
		linger_reap();
		revive_look(clock_now_us());
		if (p->for_ever || clock_now_us() < p->end_us)
			return true;
		break;
	case PAUSE_FULL:
		break;
	}
	return done(p);
}

void pause_keep_none(struct pause_sets *s, fd_set *r, fd_set *w, fd_set *e)
{
	s->at[0] = r;
	s->at[1] = w;
	s->at[2] = e;
	s->bytes = 0;
}

void pause_keep(struct pause *p, struct pause_sets *s, int n, fd_set *r, fd_set *w,
		fd_set *e)
{
	pause_keep_none(s, r, w, e);
	if (p->step == PAUSE_FULL)
		return;
	if (n > 0 && n <= FD_SETSIZE)
		s->bytes = ((size_t)n + 63) / 64 * 8;
	for (int i = 0; i < 3; i++)
		if (s->at[i] && s->bytes && !sys_readable(s->at[i], s->bytes))
			s->bytes = 0;
	if (!s->bytes && (r || w || e)) { /* a bad pointer, or more than FD_SETSIZE */
		debt_pay();
		linger_settle(-1, 0, LINGER_SETTLE_MS);
		p->step = PAUSE_FULL;
	}
	for (int i = 0; i < 3; i++)
		if (s->at[i] && s->bytes)
			__builtin_memcpy(&s->kept[i], s->at[i], s->bytes);
}

void pause_lay(const struct pause_sets *s)
{
	for (int i = 0; i < 3; i++)
		if (s->at[i] && s->bytes)
			__builtin_memcpy(s->at[i], &s->kept[i], s->bytes);
}

void pause_left(struct pause *p)
{
	uint64_t now = clock_now_us(), left = now < p->end_us ? p->end_us - now : 0;

	if (p->step == PAUSE_FULL || !p->timeval || p->zero)
		return;
	if (sys_writable_timeval(p->timeval))
		*p->timeval = (struct timeval){ (time_t)(left / 1000000),
						(long)(left % 1000000) };
}
