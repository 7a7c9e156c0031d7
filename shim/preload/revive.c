/* SPDX-License-Identifier: MIT */
/* revive: opened again, plainly; see revive.h. */
#include "preload/revive.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/time.h>
#include <time.h>

#include "core/clock.h"
#include "core/outcome.h"
#include "core/payload.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/learn.h"

#define SILENT_SYNS 2
#define SILENT_US 2200000
#define LOOK_US 50000	/* how often what nobody asks about is looked at */
#define SLICE_US 125000 /* ... and silence at the latest */
#define NAP_US 100	/* while another thread is at it ... */
#define ENDS_MOST 50
#define NAPS_MOST 5000 /* ... which may have been stopped in the midst of it */

/* --- the second SYN -------------------------------------------------------------- */

/* Which of the kernel's ways to end a connection leaves the socket as new. */
static void hang_up(int fd, const struct sockaddr_storage *peer, socklen_t len,
		    bool silent)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (silent)
		sys3(SYS_connect, fd, &nowhere, sizeof(nowhere));
	else /* tells its error, once */
		sys3(SYS_connect, fd, peer, len);
	kernel_clear_error(fd);
}

/* connect() that does not wait, whatever the descriptor's mode. */
static int dial(int fd, const struct sockaddr_storage *peer, socklen_t len)
{
	const struct timeval shortest = { 0, 1 };
	struct timeval was = { 0, 0 };
	socklen_t room = sizeof(was);
	bool blocks = sys_blocks(fd);
	int r;

	if (blocks) {
		sys_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &was, &room);
		sys_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &shortest,
			       sizeof(shortest));
	}
	r = (int)sys3(SYS_connect, fd, peer, len);
	if (blocks)
		sys_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &was, sizeof(was));
	return r == -EINPROGRESS || r == -EALREADY ? 0 : r;
}

/* k is ours.  What the program has set on the socket stays, epoll's interest too. */
static void reopen(int fd, struct kept *k, bool silent)
{
	const int zero = 0;
	struct sockaddr_storage peer;
	socklen_t len;
	int r = kernel_peer(fd, &peer, &len);

	if (r) { /* not that socket any more */
		kept_yield(k, KEPT_FREE);
		return;
	}
	hang_up(fd, &peer, len, silent);
	sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &zero, sizeof(zero));
	slot_unmark(fd, MARK_OURS);
	r = dial(fd, &peer, len);
	k->error = r;
	kept_yield(k, r ? KEPT_FAILED : KEPT_REOPENED);
}

/* --- when ------------------------------------------------------------------------ */

/*
 * No answer to SYNs without data either, and what it carried may be heard twice.  The
 * second connection has one SYN less, and so a wait of 2^retries seconds: a host that
 * is gone is not given up later than without us, if no more than that has passed.
 */
static bool is_silent(int fd, const struct slot *s, struct kept *k,
		      const struct tcp_facts *f)
{
	uint32_t age_us = slot_age_us(s, clock_now_us());
	int retries = 0;
	socklen_t len = sizeof(retries);

	if (f->retransmits < SILENT_SYNS || age_us < SILENT_US ||
	    !payload_may_ride(PAYLOAD_IDEMPOTENT, kept_bytes(k), k->length) ||
	    sys_getsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, &len) ||
	    retries < 2 || age_us / 1000000 >= UINT64_C(1) << (retries & 63))
		return false;
	k->retries = (uint8_t)retries;
	retries--;
	sys_setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	return true;
}

/*
 * Nothing came, nothing was acknowledged, and no SYN without data was sent: what was
 * refused was the SYN with data.
 */
static bool is_refused(const struct tcp_facts *f)
{
	return f->closed && !f->bytes_received && !f->bytes_acked && !f->retransmits;
}

static bool look_at_held(int fd, const struct slot *s, struct kept *k)
{
	struct tcp_facts f;
	uint64_t mask;
	bool ours;

	/* a handler must not find an entry that the code under it has seized */
	sys_hold_signals(&mask);
	ours = kept_seize(k, s->cookie, KEPT_HELD);
	if (ours) {
		if (outcome_facts(fd, &f))
			kept_yield(k, KEPT_FREE);
		else if (is_refused(&f))
			reopen(fd, k, false);
		else if (!f.handshaking)
			kept_yield(k, KEPT_FREE);
		else if (is_silent(fd, s, k, &f))
			reopen(fd, k, true);
		else
			kept_yield(k, KEPT_HELD);
	}
	sys_let_signals(&mask);
	return ours;
}

/* --- after it -------------------------------------------------------------------- */

/* The handshake has ended well: k is ours, and is given back or up. */
static void deliver(int fd, struct slot *s, struct kept *k)
{
	int retries = k->retries;
	long n = sys_sendto(fd, (const char *)kept_bytes(k) + k->sent,
			    (size_t)(k->length - k->sent), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		k->sent = (uint16_t)(k->sent + n);
	if (n == -EAGAIN || (n > 0 && k->sent < k->length)) {
		kept_yield(k, KEPT_REOPENED);
		return;
	}
	if (retries)
		sys_setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	learn_strike(fd, s);
	slot_move_all(fd, SLOT_OPENING, SLOT_WATCHED);
	kept_yield(k, KEPT_FREE);
}

static bool look_at_reopened(int fd, struct slot *s, struct kept *k)
{
	struct tcp_facts f;
	uint64_t mask;
	bool ours;

	sys_hold_signals(&mask);
	ours = kept_seize(k, s->cookie, KEPT_REOPENED);
	if (ours) {
		if (outcome_facts(fd, &f) || f.closed)
			kept_yield(k, KEPT_FREE); /* the kernel tells it */
		else if (f.handshaking)
			kept_yield(k, KEPT_REOPENED);
		else
			deliver(fd, s, k);
	}
	sys_let_signals(&mask);
	return ours;
}

/* --- one ------------------------------------------------------------------------- */

struct kept *revive_kept(const struct slot *s)
{
	return kept_any() && s ? kept_find(s->cookie) : NULL;
}

static bool is_still(struct kept *k, const struct slot *s)
{
	return atomic_load(&k->cookie) == s->cookie;
}

static void nap(void)
{
	const struct timespec t = { 0, NAP_US * 1000 };

	sys2(SYS_nanosleep, &t, NULL);
}

/* Is another thread in the midst of the first write, and it has ended already? */
static bool is_late(int fd)
{
	struct tcp_facts f;

	return !outcome_facts(fd, &f) && f.closed;
}

/* false: it could not be looked at now. */
static bool look(int fd, struct slot *s, struct kept *k)
{
	switch (kept_state(k)) {
	case KEPT_HELD:
		return look_at_held(fd, s, k);
	case KEPT_REOPENED:
		return look_at_reopened(fd, s, k);
	case KEPT_RIDING:
		return !is_late(fd);
	case KEPT_BUSY:
		return false;
	case KEPT_FREE:
	case KEPT_FAILED:
		break;
	}
	return true;
}

bool revive_step(int fd, struct slot *s)
{
	struct kept *k = revive_kept(s);
	enum kept_state state;

	if (!k)
		return false;
	for (int i = 0; i < NAPS_MOST && is_still(k, s) && !look(fd, s, k); i++)
		nap();
	state = kept_state(k);
	return is_still(k, s) && (state == KEPT_REOPENED || state == KEPT_BUSY);
}

/*
 * The kernel sets the error first, and the state behind it (tcp_reset(), Linux 6.1);
 * who asks on another processor may see the one without the other.
 */
bool revive_ended(int fd, struct slot *s)
{
	bool owed = revive_step(fd, s);
	struct kept *k = revive_kept(s);

	for (int i = 0; k && i < ENDS_MOST && kept_state(k) == KEPT_HELD; i++) {
		nap();
		owed = revive_step(fd, s);
	}
	return owed;
}

bool revive_is_under_way(const struct slot *s)
{
	struct kept *k = revive_kept(s);

	return k && kept_state(k) != KEPT_FAILED;
}

void revive_settle(int fd, struct slot *s, int timeout_ms)
{
	uint64_t now = clock_now_us(), end = now + (uint64_t)timeout_ms * 1000;

	while ((revive_step(fd, s) || revive_is_under_way(s)) && now < end) {
		uint64_t slice = revive_slice_us(timeout_ms * 1000ull - (end - now));
		uint64_t left = end - now;

		kernel_wait_handshake(fd,
				      (int)((left < slice ? left : slice) / 1000) + 1);
		now = clock_now_us();
	}
}

/* --- all ------------------------------------------------------------------------- */

#define RIDES_US 2000000 /* no write takes so long */

/* Who kept it may have left by siglongjmp(3), or closed its descriptor unseen. */
static void sweep(struct kept *k, int fd)
{
	uint64_t cookie = atomic_load(&k->cookie);
	struct slot *s = revive_may(fd) ? slot_of(fd) : NULL;
	if (!cookie || fd == KEPT_CLOSED)
		return;
	if (kept_state(k) == KEPT_RIDING) {
		s = slot_noted(fd);
		if (!s || slot_age_us(s, clock_now_us()) > RIDES_US)
			kept_release(cookie);
	} else if (slot_state(fd) == SLOT_DEFERRED) {
		return; /* its first write is about to say that it is not any more */
	} else if (!s || s->cookie != cookie || !slot_has(s, SLOT_SYN_DATA)) {
		kept_release(cookie);
	} else {
		revive_step(fd, s);
	}
}

void revive_look(uint64_t now_us)
{
	static _Atomic uint64_t next_us;
	bool all = now_us >= atomic_load_explicit(&next_us, memory_order_relaxed);
	struct kept *k;

	if (!kept_any() || (!all && !kept_owes()))
		return;
	if (all)
		atomic_store_explicit(&next_us, now_us + LOOK_US, memory_order_relaxed);
	for (int i = 0; (k = kept_next(&i)); i++)
		if (all || kept_state(k) == KEPT_REOPENED)
			sweep(k, atomic_load(&k->fd));
}

void revive_all(int timeout_ms)
{
	uint64_t end = clock_now_us() + (uint64_t)timeout_ms * 1000, now;
	struct kept *k;

	for (int i = 0; (k = kept_next(&i)); i++) {
		int fd = atomic_load(&k->fd);
		struct slot *s = revive_may(fd) ? slot_of(fd) : NULL;

		now = clock_now_us();
		if (s && now < end)
			revive_settle(fd, s, (int)((end - now) / 1000));
	}
}

/*
 * Short while bytes are owed, so that they are late by an eighth at most; else so that
 * what nobody waits for is seen now and then.
 */
uint64_t revive_slice_us(uint64_t waited_us)
{
	uint64_t least = kept_owes() ? 1000 : LOOK_US, slice = waited_us / 8;

	return slice < least ? least : slice < SLICE_US ? slice : SLICE_US;
}
