/* SPDX-License-Identifier: MIT */
/* debt: SYNs that are held back are owed; see debt.h. */
#include "preload/debt.h"

#include <fcntl.h>
#include <poll.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/epoll.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/revive.h"
#include "preload/slot.h"
#include "preload/thread.h"
#include "preload/watch.h"

/* Some connection that was promised has its SYN under way, or had lately. */
static atomic_bool word_given;

void debt_materialize(int fd)
{
	struct slot *s = slot_state(fd) == SLOT_DEFERRED ? slot_of(fd) : NULL;

	if (!s)
		return;
	if (slot_has(s, SLOT_TOLD))
		atomic_store(&word_given, true);
	else if (epoll_asked(fd, EPOLLOUT))
		slot_flag(s, SLOT_SEEN);
	/* first the SYN, then the mark: a signal handler between may do both again */
	sys_sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
	slot_move_all(fd, SLOT_DEFERRED, SLOT_OPENING);
	thread_paid(fd);
}

void debt_force(int fd, bool waits)
{
	if (slot_state(fd) == SLOT_PLAIN)
		return;
	if (waits &&
	    sys_blocks(fd)) /* the call itself waits, and signals may end that */
		debt_materialize(fd);
	else
		debt_settle(fd, DEBT_SETTLE_MS);
}

/*
 * Somebody has found since that nobody answers there: no more waiting.  On loopback the
 * kernel is asked, not the memory.
 */
static bool is_dead(const struct slot *s)
{
	return !addr_is_loopback(&s->to) && !learn_answered(&s->to);
}

void debt_settle(int fd, int timeout_ms)
{
	/* deferred, it is writable to whoever asks: then he believes it is connected */
	bool told = slot_state(fd) == SLOT_DEFERRED;
	struct slot *s;

	debt_materialize(fd);
	if (slot_state(fd) != SLOT_OPENING)
		return;
	s = slot_of(fd);
	if (s && kept_any())
		revive_settle(fd, s, timeout_ms);
	if (s && (told || slot_has(s, SLOT_TOLD) || slot_has(s, SLOT_SEEN)) &&
	    !slot_has(s, SLOT_SILENT) && !is_dead(s) &&
	    !kernel_wait_handshake(fd, timeout_ms))
		learn_silence_of(fd, s);
}

static bool word_is_open(int fd)
{
	struct slot *s = slot_noted(fd);

	return s && slot_state(fd) == SLOT_OPENING && slot_has(s, SLOT_TOLD) &&
	       !slot_has(s, SLOT_WROTE) && slot_of(fd);
}

int debt_keep_word(void)
{
	struct kernel_hold h;
	uint64_t end;

	if (!atomic_load_explicit(&word_given, memory_order_relaxed) ||
	    !atomic_exchange(&word_given, false))
		return 0;
	end = clock_now_us() + DEBT_SETTLE_MS * 1000;
	kernel_hold(&h);
	for (int fd = slot_next(0); fd >= 0; fd = slot_next(fd + 1)) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		uint64_t now = clock_now_us();

		if (word_is_open(fd) && now < end &&
		    !kernel_poll_held(&h, &p, 1, (int)((end - now) / 1000)))
			learn_silence_of(fd, slot_room(fd));
	}
	return kernel_release(&h);
}

static void pay(int fd)
{
	debt_materialize(fd);
	thread_paid(fd);
}

void debt_pay(void)
{
	thread_each_owed(pay);
}

static void pay_here(int fd)
{
	struct slot *s = slot_noted(fd);

	if (s && addr_is_loopback(&s->to))
		pay(fd);
}

bool debt_pay_here(void)
{
	int before = atomic_load(&thread_self.owes);

	thread_each_owed(pay_here);
	return atomic_load(&thread_self.owes) < before;
}

static void materialize_any(int fd)
{
	debt_materialize(fd);
}

void debt_pay_all(void)
{
	slot_each(0, SLOT_MAX - 1, materialize_any);
}

bool debt_is_overdue(int fd)
{
	struct slot *s = slot_noted(fd);

	return s && slot_age_us(s, clock_now_us()) > WATCH_PROMPT_US;
}

static void pay_overdue(int fd)
{
	/* one that is not deferred any more was paid by another thread */
	if (slot_state(fd) != SLOT_DEFERRED || debt_is_overdue(fd))
		pay(fd);
}

void debt_pay_overdue(void)
{
	thread_each_owed(pay_overdue);
}

static void settle_inherited(int fd)
{
	if (!(sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC))
		debt_settle(fd, DEBT_SETTLE_MS);
}

void debt_settle_inherited(void)
{
	slot_each(0, SLOT_MAX - 1, settle_inherited);
}
