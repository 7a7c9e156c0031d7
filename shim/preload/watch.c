/* SPDX-License-Identifier: MIT */
/* watch: what the program does with its connection; see watch.h. */
#include "preload/watch.h"

#include "core/clock.h"
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
	thread_each_owed(mark_told);
}

void watch_told_error(int fd, int e)
{
	struct slot *s = slot_of(fd);

	if (!s)
		return;
	if (e)
		learn_ended(fd, &s->to, -e);
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
	if (n < 0)
		learn_ended(fd, &s->to, -real_errno());
	else if (slot_move(fd, state, SLOT_PLAIN))
		learn_connection(fd, s);
}

void watch_writes(struct slot *s, int fd)
{
	uint64_t now;
	uint32_t age;

	if (slot_has(s, SLOT_WROTE))
		return;
	slot_flag(s, SLOT_WROTE);
	thread_not_fresh(fd);
	if (s->thread != thread_id())
		return;
	if (slot_has(s, SLOT_BLOCKING) && s->sleeps != thread_self.sleeps)
		return;
	now = clock_now_us();
	age = slot_age_us(s, now);
	if (!slot_has(s, SLOT_BLOCKING) && now - thread_self.woke_us < age)
		age = (uint32_t)(now - thread_self.woke_us);
	if (age < WATCH_PROMPT_US)
		slot_flag(s, SLOT_PROMPT);
}
