/* SPDX-License-Identifier: MIT */
/* watch: what the program does with its connection; see watch.h. */
#include "preload/watch.h"

#include "core/clock.h"
#include "preload/kept.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/thread.h"

static void mark_told(int fd)
{
	struct slot *s = slot_room(fd);

	if (s && slot_state(fd) == SLOT_DEFERRED)
		slot_flag(s, SLOT_TOLD);
}

void watch_told(void)
{
	int deferred = atomic_load_explicit(&slot_deferred, memory_order_relaxed);

	/* a loop may wait for what another thread connected */
	if (deferred > atomic_load_explicit(&thread_self.owes, memory_order_relaxed))
		slot_each(0, SLOT_MAX - 1, mark_told);
	else if (deferred)
		thread_each_owed(mark_told);
}

void watch_told_error(int fd, int e)
{
	struct slot *s = slot_of(fd);

	if (!s)
		return;
	if (e)
		learn_ended(fd, s, -e);
	else if (slot_state(fd) == SLOT_DEFERRED || !kernel_holds_syn(fd))
		slot_flag(s, SLOT_TOLD);
}

void watch_heard(int fd, ssize_t n)
{
	enum slot_state state = slot_state(fd);
	struct slot *s;

	if (n == 0 || (state != SLOT_OPENING && state != SLOT_WATCHED))
		return;
	if (n < 0 && !learn_is_failure(real_errno()))
		return;
	s = slot_noted(fd);
	if (!s)
		return;
	thread_not_fresh(fd);
	if (kept_any())
		kept_release(s->cookie);
	if (n < 0)
		learn_ended(fd, s, -real_errno());
	else if (slot_move_all(fd, state, SLOT_PLAIN))
		learn_first_byte(fd, s);
}

/* At once, from the thread that connected, without a sleep in between? */
static bool is_prompt(const struct slot *s, bool blocking)
{
	uint64_t now = clock_now_us();
	uint32_t age = slot_age_us(s, now);
	uint64_t began = blocking ? thread_self.connected_us : thread_self.woke_us;

	if (s->thread != thread_id())
		return false;
	if (blocking && s->sleeps != thread_self.sleeps)
		return false;
	if (now - began < age)
		age = (uint32_t)(now - began);
	return age < WATCH_PROMPT_US;
}

void watch_writes(struct slot *s, int fd)
{
	unsigned int flags = SLOT_WROTE;

	if (slot_has(s, SLOT_WROTE))
		return;
	if (is_prompt(s, slot_has(s, SLOT_BLOCKING)))
		flags |= SLOT_PROMPT;
	slot_flag_all(fd, flags);
	thread_not_fresh(fd);
}
