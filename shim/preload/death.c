/* SPDX-License-Identifier: MIT */
/* death: descriptors that are closed, and processes that end; see death.h. */
#include "preload/death.h"

#include <fcntl.h>

#include "core/clock.h"
#include "core/outcome.h"
#include "core/sys.h"
#include "preload/client.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/linger.h"
#include "preload/revive.h"
#include "preload/sockopt.h"
#include "preload/tally.h"
#include "preload/thread.h"
#include "preload/watch.h"

/*
 * Does the program count on this connection?  In a fork child only if it wrote: else it
 * is the parent's.
 */
static bool counted_on(struct slot *s)
{
	return slot_has(s, SLOT_WROTE) ||
	       (slot_has(s, SLOT_TOLD) && !slot_has(s, SLOT_COPY));
}

static bool still_opening(int fd)
{
	struct tcp_facts f;

	return !outcome_facts(fd, &f) && f.handshaking;
}

/* Until it is open, if it can be; at most so long. */
static void let_open_for(int fd, struct slot *s, int timeout_ms)
{
	uint64_t end = clock_now_us() + (uint64_t)timeout_ms * 1000, now;

	if (kept_any())
		revive_settle(fd, s, timeout_ms);
	now = clock_now_us();
	kernel_wait_handshake(fd, now < end ? (int)((end - now) / 1000) : 0);
}

/*
 * Nobody waits for it any more, but its bytes or its coming are owed to the server.
 * true: it lives on by another descriptor.
 */
static bool outlive(int fd, struct slot *s)
{
	int close_waits_s = kernel_linger_s(fd);

	if (close_waits_s > 0 &&
	    kernel_wait_handshake(fd,
				  close_waits_s < 1000 ? close_waits_s * 1000 : -1) &&
	    !revive_step(fd, s))
		return false;
	/* for linger: whether somebody else may still use it, now that this one goes */
	if (slot_marked(fd, MARK_ALONE))
		slot_unflag(s, SLOT_SHARED);
	else
		slot_flag(s, SLOT_SHARED);
	/* left in a set, its events would come for a number that is closed */
	if (epoll_forget(fd))
		return linger_add(fd, s);
	let_open_for(fd, s, LINGER_END_MS);
	return false;
}

/*
 * A FIN ends the connection for every holder: only for one that has no other.  And only
 * where the answer is here a round trip before its time: a blocking write has taken one
 * already.
 */
static void say_farewell(int fd, struct slot *s)
{
	uint32_t trips = slot_has(s, SLOT_BLOCKING) ? 2 : 1;
	struct tcp_facts f;

	if (slot_has(s, SLOT_SYN_DATA) && slot_marked(fd, MARK_ALONE) &&
	    !outcome_facts(fd, &f) &&
	    slot_age_us(s, clock_now_us()) < trips * f.rtt_us + WATCH_PROMPT_US)
		kernel_send_fin(fd);
}

/* Another descriptor of this process has the same connection and the same record. */
static bool lives_on(int fd)
{
	int twin = slot_twin(fd);

	if (twin < 0)
		return false;
	epoll_inherited(fd, twin);
	if (kept_any())
		kept_moves(slot_room(fd)->cookie, twin);
	slot_set(fd, SLOT_PLAIN);
	thread_paid(fd);
	return true;
}

void death_of(int fd)
{
	struct slot *s = slot_of(fd);
	bool lingers;

	if (!s || lives_on(fd))
		return;
	debt_materialize(fd);
	if (slot_state(fd) == SLOT_OPENING) {
		learn_silence_of(fd, s);
		learn_given_up(fd, s);
	}
	/* refused in this moment, it is opening again */
	lingers = slot_state(fd) == SLOT_OPENING && counted_on(s) &&
		  (still_opening(fd) || revive_step(fd, s)) && outlive(fd, s);
	if (!lingers && !still_opening(fd)) {
		learn_connection(fd, s);
		say_farewell(fd, s);
		if (kept_any())
			kept_release(s->cookie);
	}
	slot_set(fd, SLOT_PLAIN);
	thread_not_fresh(fd);
}

void death_range(unsigned int first, unsigned int last)
{
	slot_each(first, last, death_of);
}

/* What is left of the time that a connection gets at the end of its process. */
static int end_ms(const struct slot *s)
{
	uint32_t age_ms = slot_age_us(s, clock_now_us()) / 1000;

	return age_ms < LINGER_END_MS ? (int)(LINGER_END_MS - age_ms) : 0;
}

static void let_open(int fd)
{
	struct slot *s = slot_of(fd);

	debt_materialize(fd);
	if (s && slot_state(fd) == SLOT_OPENING && counted_on(s))
		let_open_for(fd, s, end_ms(s));
}

void death_is_near(void)
{
	slot_each(0, SLOT_MAX - 1, let_open);
	linger_wait();
}

void death_of_process(void)
{
	death_is_near();
	slot_each(0, SLOT_MAX - 1, death_of);
	tally_end();
}

static void let_open_if_closed_by_exec(int fd)
{
	debt_materialize(fd);
	if (sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC)
		let_open(fd);
}

/* What comes next knows nothing of it; where nothing does, it is no longer watched. */
static void record(int fd)
{
	struct slot *s = slot_of(fd);

	if (!s || slot_state(fd) == SLOT_DEFERRED || still_opening(fd))
		return;
	if (slot_twin(fd) < 0)
		learn_connection(fd, s);
	slot_set(fd, SLOT_PLAIN);
}

void death_by_exec(void)
{
	slot_each(0, SLOT_MAX - 1, let_open_if_closed_by_exec);
	if (kept_any())
		revive_all(LINGER_END_MS);
	linger_wait();
	slot_each(0, SLOT_MAX - 1, record);
}

void death_is_sudden(void)
{
	death_is_near();
	slot_each(0, SLOT_MAX - 1, record);
}

static void copy_marks(int from, int to)
{
	static const enum slot_mark marks[] = { MARK_OURS, MARK_QUICK, MARK_COUNTED };

	for (size_t k = 0; k < sizeof(marks) / sizeof(*marks); k++)
		if (slot_marked(from, marks[k]))
			slot_mark(to, marks[k]);
}

/* Two numbers of one record: whoever goes last knows that he does (lives_on()). */
static void copy_slot(int from, int to, struct slot *s)
{
	struct slot *copy = slot_room(to);

	slot_flag(s, SLOT_SHARED);
	if (!copy) {
		slot_unmark(from, MARK_ALONE);
		debt_materialize(from);
		return;
	}
	*copy = *s;
	slot_set(to, slot_state(from));
	if (slot_marked(from, MARK_ALONE))
		slot_alone(to);
	if (slot_state(from) == SLOT_DEFERRED && !thread_owe(to))
		debt_materialize(to);
}

void death_shared(int from, int to)
{
	struct slot *s = slot_of(from);

	slot_born(to);
	sockopt_copied(from, to);
	copy_marks(from, to);
	if (s)
		copy_slot(from, to, s);
	else
		slot_unmark(from, MARK_ALONE);
}

static void mark_shared(int fd)
{
	struct slot *s = slot_room(fd);

	if (s)
		slot_flag(s, SLOT_SHARED | SLOT_FORKED);
}

void death_shared_by_fork(void)
{
	slot_none_alone();
	slot_each(0, SLOT_MAX - 1, mark_shared);
}

static void make_copy(int fd)
{
	struct slot *s = slot_room(fd);

	if (!s)
		return;
	slot_unflag(s, SLOT_WROTE);
	slot_flag(s, SLOT_COPY);
}

void death_copied_by_fork(void)
{
	kept_forget();
	tally_copied();
	slot_each(0, SLOT_MAX - 1, make_copy);
}
