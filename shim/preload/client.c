/* SPDX-License-Identifier: MIT */
/* client: connect() with the SYN held back; see client.h. */
#include "preload/client.h"

#include <errno.h>
#include <netinet/in.h>

#include "core/clock.h"
#include "core/sys.h"
#include "preload/choice.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/linger.h"
#include "preload/thread.h"
#include "preload/watch.h"
#include "preload/watchdog.h"

static _Atomic bool on;

static void thread_end(void *unused)
{
	(void)unused;
	thread_self.has_end = false; /* a later destructor may connect again */
	debt_pay();
	linger_settle(-1, 0, LINGER_END_MS); /* nobody else would see to it */
}

bool client_switch(bool to)
{
	thread_at_end(thread_end);
	return atomic_exchange(&on, to);
}

bool client_is_on(void)
{
	return atomic_load_explicit(&on, memory_order_acquire);
}

static int real_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int was = real_errno();
	int r = REAL(connect)(fd, to, len) ? -real_errno() : 0;

	real_set_errno(was);
	return r;
}

int client_wait_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len;
	int r = kernel_peer(fd, &peer, &len);

	if (!r)
		r = real_connect(fd, (struct sockaddr *)&peer, len);
	return r == -EISCONN ? 0 : r;
}

/* false: this thread cannot owe any more. */
static bool defer(int fd, struct slot *s, int *ret)
{
	kernel_clear_error(fd);
	if (slot_has(s, SLOT_BLOCKING))
		slot_flag(s, SLOT_TOLD | SLOT_SAID);
	slot_set(fd, SLOT_DEFERRED); /* before it is owed: a debt is what is deferred */
	if (!thread_owe(fd))
		return false;
	if (slot_has(s, SLOT_BLOCKING)) {
		thread_self.fresh = fd + 1;
		*ret = 0;
		return true;
	}
	epoll_rearm(fd);
	*ret = -EINPROGRESS; /* as plain TCP: some never look, and wait for the event */
	return true;
}

/* A blocking connect() has told the program how it went: well. */
static void connected(int fd, struct slot *s)
{
	slot_flag(s, SLOT_TOLD);
	thread_self.fresh = fd + 1;
	thread_self.connected_us = clock_now_us();
}

/* Let the SYN go, and be as truthful as an ordinary connect(). */
static int first_contact(int fd, struct slot *s, const struct sockaddr *to,
			 socklen_t len)
{
	int r;

	sys_sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
	slot_set(fd, SLOT_OPENING);
	if (!slot_has(s, SLOT_BLOCKING))
		return -EINPROGRESS;
	r = real_connect(fd, to, len);
	if (r == -EISCONN)
		r = 0;
	if (r == -EALREADY)
		return -EINPROGRESS; /* SO_SNDTIMEO: what the first connect() says */
	if (r == 0) {
		connected(fd, s);
		slot_move(fd, SLOT_OPENING, SLOT_WATCHED);
	} else if (r != -EINTR) {
		learn_ended(fd, s, r);
	}
	return r;
}

static void fill(int fd, struct slot *s, const struct choice *c, uint64_t begun_us)
{
	s->cookie = kernel_cookie(fd);
	s->since_us = (uint32_t)begun_us;
	s->thread = thread_id();
	s->to = c->to;
	s->sleeps = thread_self.sleeps;
	s->reason = c->why & 15;
	s->payload = c->rule.value[KEY_payload] & 15;
	s->flags = (sys_blocks(fd) ? SLOT_BLOCKING : 0) |
		   (c->compared ? SLOT_COMPARED : 0);
}

/* The kernel has a cookie, and holds the SYN back. */
static int hold_or_open(int fd, struct slot *s, const struct choice *c,
			const struct sockaddr *to, socklen_t len)
{
	enum reason why = choice_not_proven(fd, c);
	int r = 0;

	slot_flag(s, SLOT_COOKIE_SYN);
	s->reason = why & 15;
	if (why != REASON_none || !defer(fd, s, &r))
		r = first_contact(fd, s, to, len);
	else if (c->rule.value[KEY_watchdog])
		watchdog_guard();
	return r;
}

static int open_connection(int fd, const struct sockaddr *to, socklen_t len,
			   const struct choice *c)
{
	uint64_t begun_us = clock_now_us();
	int r = real_connect(fd, to, len);
	struct slot *s = slot_room(fd);

	if (r && r != -EINPROGRESS && r != -EINTR) {
		if (learn_is_failure(-r))
			learn_failed(&c->to);
		return r;
	}
	if (!s) { /* no memo: nothing may stay held back */
		sys_sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
		return r || !sys_blocks(fd) ? r : client_wait_connected(fd);
	}
	fill(fd, s, c, begun_us);
	if (r) {
		slot_set(fd, SLOT_OPENING);
		return r;
	}
	/* nonblocking, TCP says 0 for no other reason */
	if (c->why != REASON_baseline &&
	    (!slot_has(s, SLOT_BLOCKING) || kernel_holds_syn(fd)))
		return hold_or_open(fd, s, c, to, len);
	connected(fd, s);
	slot_set(fd, SLOT_WATCHED);
	return 0;
}

/* Plainly: the program's own call, and one line in the memory for each connection. */
static bool decline(int fd, const struct sockaddr *to, socklen_t len,
		    const struct choice *c, int *ret)
{
	choice_undo(fd);
	if (c->why == CHOICE_NOT_TCP || slot_marked(fd, MARK_COUNTED) ||
	    !choice_is_tcp(fd))
		return false;
	*ret = real_connect(fd, to, len);
	if (!*ret || *ret == -EINPROGRESS || *ret == -EINTR) {
		slot_mark(fd, MARK_COUNTED);
		learn_declined(&c->to, c->why);
	}
	return true;
}

/* connect() on a socket whose connection we know already. */
static bool connect_again(int fd, const struct sockaddr *to, socklen_t len, int *ret)
{
	struct slot *s = slot_of(fd);

	if (!s)
		return false;
	if (!sys_readable(to, sizeof(to->sa_family)) || to->sa_family == AF_UNSPEC) {
		debt_settle(fd, DEBT_SETTLE_MS); /* the server was to see it */
		*ret = real_connect(fd, to, len);
		if (*ret == 0) {
			slot_set(fd, SLOT_PLAIN); /* disconnected */
			slot_unmark(fd, MARK_SAID);
		}
		return true;
	}
	if (slot_state(fd) == SLOT_DEFERRED) {
		*ret = slot_has(s, SLOT_SAID) ? -EISCONN : 0;
		slot_flag_all(fd, SLOT_TOLD | SLOT_SAID);
		return true;
	}
	debt_settle(fd, DEBT_SETTLE_MS); /* it was told that it is connected: so it
						shall be */
	*ret = real_connect(fd, to, len);
	if (*ret == 0) {
		if (slot_has(s, SLOT_SAID))
			*ret = -EISCONN;
		slot_flag_all(fd, SLOT_TOLD | SLOT_SAID);
		slot_move_all(fd, SLOT_OPENING, SLOT_WATCHED);
	} else if (learn_is_failure(-*ret)) {
		learn_ended(fd, s, *ret);
	}
	return true;
}

/* The kernel has not said 0 for this connection; we have. */
static bool said_before(int fd, const struct sockaddr *to, socklen_t len, int *ret)
{
	struct sockaddr_storage peer;
	socklen_t n;

	if (kernel_peer(fd, &peer, &n)) { /* another socket has the number now */
		slot_unmark(fd, MARK_SAID);
		return false;
	}
	*ret = real_connect(fd, to, len);
	if (*ret == 0 &&
	    !(sys_readable(to, sizeof(to->sa_family)) && to->sa_family == AF_UNSPEC))
		*ret = -EISCONN;
	slot_unmark(fd, MARK_SAID);
	return true;
}

bool client_connect(int fd, const struct sockaddr *to, socklen_t len, int *ret)
{
	struct choice c = { .why = REASON_none };

	if (thread_owes() && atomic_load(&slot_deferred) && sys_blocks(fd))
		debt_pay();
	if (slot_state(fd) != SLOT_PLAIN && connect_again(fd, to, len, ret))
		return true;
	if (slot_marked(fd, MARK_SAID) && said_before(fd, to, len, ret))
		return true;
	if (!client_is_on() || !choice_make(fd, to, len, &c)) {
		choice_undo(fd);
		slot_unmark(fd, MARK_COUNTED); /* AF_UNSPEC: the next one is another */
		return false;
	}
	if (c.why != REASON_none && c.why != REASON_baseline)
		return decline(fd, to, len, &c, ret);
	if (c.why == REASON_baseline)
		choice_undo(fd);
	*ret = open_connection(fd, to, len, &c);
	return true;
}

bool client_getpeername(int fd, struct sockaddr *to, socklen_t *len, int *ret)
{
	struct slot *s = slot_of(fd);
	struct sockaddr_storage peer;
	struct tcp_facts f;
	socklen_t n, room;

	if (!s || !slot_has(s, SLOT_TOLD) || slot_state(fd) == SLOT_WATCHED)
		return false;
	/* while the handshake is under way: after a reset it fails as without us */
	if (outcome_facts(fd, &f) || !f.handshaking || kernel_peer(fd, &peer, &n))
		return false;
	*ret = !sys_readable(len, sizeof(*len)) ? -EFAULT : (int)*len < 0 ? -EINVAL : 0;
	if (*ret)
		return true;
	room = *len < n ? *len : n;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_PEERNAME, to, &room) ||
	    !sys_writable_int(fd, len))
		*ret = -EFAULT;
	else
		*ret = 0, *len = n;
	return true;
}
