/* SPDX-License-Identifier: MIT */
/* seat: this process's row among the guests; see seat.h. */
#include "preload/seat.h"

#include "core/clock.h"
#include "core/guest.h"
#include "preload/bookmark.h"

#define RETRY_S 10

static _Atomic uint64_t key;
static _Atomic int row = -1; /* of that key; -1: none yet */
static _Atomic uint32_t image, retry_s;
static _Atomic int listeners;
static _Atomic uint32_t aside;

/* Threads that ask at once must say the same. */
static uint32_t image_now(void)
{
	uint32_t none = 0, now = (uint32_t)clock_now_us() | 1;

	return atomic_compare_exchange_strong(&image, &none, now) ? now : none;
}

static struct traffic_guest *take(struct traffic *t, uint32_t program, int was)
{
	struct guest_owner o = {
		.image = image_now(),
		.program = program,
		.name = self_name(),
	};
	uint32_t now_s = clock_today_s();
	int mine;

	if (now_s < atomic_load(&retry_s))
		return NULL;
	bookmark_make();
	self_process(&o.process);
	mine = guest_claim(t, &o, now_s);
	if (mine < 0) {
		atomic_store(&retry_s, now_s + RETRY_S);
		return NULL;
	}
	seat_tell(&t->guest[mine]);
	atomic_store(&key, guest_key(&o));
	if (!atomic_compare_exchange_strong(&row, &was, mine) && was != mine) {
		guest_free(t, mine, guest_key(&o)); /* another thread was faster */
		mine = was;
	}
	return guest_row(t, mine, guest_key(&o));
}

struct traffic_guest *seat_of(struct traffic *t, uint32_t program)
{
	struct traffic_guest *g;
	int at;

	if (bookmark_is_gone(BOOKMARK_SEAT))
		seat_copied();
	at = atomic_load(&row);
	g = guest_row(t, at, atomic_load(&key));
	return g ? g : take(t, program, at);
}

void seat_listens(int more)
{
	if (atomic_fetch_add(&listeners, more) + more < 0)
		atomic_store(&listeners, 0);
}

void seat_aside(enum traffic_aside why)
{
	atomic_store(&aside, why);
}

enum traffic_aside seat_is_aside(void)
{
	return (enum traffic_aside)atomic_load_explicit(&aside, memory_order_relaxed);
}

void seat_tell(struct traffic_guest *g)
{
	int n = atomic_load(&listeners);

	atomic_store_explicit(&g->listeners, n > 0 ? (uint32_t)n : 0,
			      memory_order_relaxed);
	atomic_store_explicit(&g->aside, atomic_load(&aside), memory_order_relaxed);
}

bool seat_is_taken(void)
{
	return atomic_load(&row) >= 0;
}

void seat_leave(struct traffic *t)
{
	if (!bookmark_is_gone(BOOKMARK_SEAT))
		guest_free(t, atomic_exchange(&row, -1), atomic_load(&key));
}

void seat_copied(void)
{
	atomic_store(&row, -1);
	bookmark_again(BOOKMARK_SEAT);
}
