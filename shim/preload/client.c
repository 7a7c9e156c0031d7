/* SPDX-License-Identifier: MIT */
/* client: connect() with the SYN held back; see client.h. */
#include "preload/client.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include "core/log.h"
#include "core/clock.h"
#include "core/live.h"
#include "core/sys.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/linger.h"
#include "preload/names.h"
#include "preload/sockopt.h"
#include "preload/thread.h"
#include "preload/watch.h"
#include "preload/watchdog.h"

#define CAPABILITY_RETRY_US 10000000
#define LOOPBACK_A_SECOND 500

static _Atomic bool on;
static _Atomic uint64_t incapable_until_us; /* the sysctl's client bit was off */

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

/* Asking the kernel for a listener costs as much as the round trip within this host. */
static bool too_many_here(void)
{
	static _Atomic uint64_t window_s;
	static _Atomic unsigned int n;
	uint64_t now_s = clock_now_us() / 1000000;

	if (atomic_exchange(&window_s, now_s) != now_s)
		atomic_store(&n, 0);
	return atomic_fetch_add(&n, 1) >= LOOPBACK_A_SECOND;
}

/*
 * Who reads first saves a round trip: within this host there is none.  Some connections
 * are watched all the same, since programs change their ways.
 */
static bool gains_nothing(const struct addr *to)
{
	static _Atomic unsigned int asked;
	struct memory_view known;

	if (too_many_here())
		return true;
	learn_ask(to, LEARN_PROVEN_S, &known);
	return known.habit == HABIT_READS_FIRST && atomic_fetch_add(&asked, 1) % 8;
}

/* From a connect() that failed: the kernel would hold the next one's SYN back too. */
static void take_off(int fd)
{
	const int zero = 0;

	if (!slot_marked(fd, MARK_OURS))
		return;
	sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &zero, sizeof(zero));
	slot_unmark(fd, MARK_OURS);
}

static void tell_capability(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	atomic_store(&incapable_until_us, clock_now_us() + CAPABILITY_RETRY_US);
	log_once(&said, LOG_INFO, "capability",
		 "net.ipv4.tcp_fastopen has the client bit (1) off in this "
		 "network namespace, connecting normally");
}

/* What the policy says of this call, with its socket options set; false: nothing. */
static bool ruled(int fd, const struct sockaddr *to, socklen_t len, struct addr *ret_to,
		  struct live_rule *ret)
{
	char host[NAMES_BYTES];

	if (!client_is_on() || len < sizeof(struct sockaddr_in) ||
	    len > sizeof(struct sockaddr_storage) || !sys_readable(to, len) ||
	    !addr_read(to, len, ret_to))
		return false;
	if (!live_ask(SECTION_connect, ret_to, names_find(ret_to, host) ? host : NULL,
		      ret))
		return false;
	if (ret->says_something && kernel_is_tcp(fd))
		sockopt_client(fd, ret);
	return ret->value[KEY_tfo];
}

/* May this call be ours at all?  Then TCP_FASTOPEN_CONNECT is set. */
static bool wanted(int fd, const struct addr *to, const struct live_rule *rule)
{
	const int one = 1;
	uint64_t until = atomic_load_explicit(&incapable_until_us,
					      memory_order_relaxed);
	int err;

	if (slot_marked(fd, MARK_OWN_TFO) || (until && clock_now_us() < until))
		return false;
	if (addr_is_loopback(to) && gains_nothing(to))
		return false;
	err = sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one));
	if (err == -EOPNOTSUPP)
		tell_capability();
	if (!err)
		slot_mark(fd, MARK_OURS);
	if (!err && rule->value[KEY_no_cookie])
		sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one,
			       sizeof(one));
	return !err;
}

/* We defer only what we have seen: REASON_none. */
static enum reason not_proven(int fd, const struct addr *to,
			      const struct live_rule *rule)
{
	struct memory_view known;
	bool answers;

	if (addr_is_link_local(to))
		return REASON_first_contact;
	learn_ask(to, (uint32_t)(rule->value[KEY_proven_for] / SECOND_MS), &known);
	switch (known.habit) {
	case HABIT_UNKNOWN:
		return REASON_first_contact;
	case HABIT_READS_FIRST:
		return REASON_reads_first;
	case HABIT_KNOCKS:
		return REASON_knock;
	case HABIT_BURNT:
		return REASON_paused;
	case HABIT_WRITES_FIRST:
	case HABIT_WROTE_LATE:
		break;
	}
	answers = kernel_is_own_host(fd, to) ? kernel_has_listener(fd, to)
					     : known.answered;
	return answers ? REASON_none : REASON_first_contact;
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
		slot_flag(s, SLOT_TOLD);
		s->since_us = (uint32_t)clock_now_us();
		thread_self.fresh = fd + 1;
		slot_move(fd, SLOT_OPENING, SLOT_WATCHED);
	} else if (r != -EINTR) {
		learn_ended(fd, s, r);
	}
	return r;
}

static void fill(int fd, struct slot *s, const struct addr *to,
		 const struct live_rule *rule)
{
	s->cookie = kernel_cookie(fd);
	s->since_us = (uint32_t)clock_now_us();
	s->thread = thread_id();
	s->to = *to;
	s->sleeps = thread_self.sleeps;
	s->reason = REASON_none;
	s->payload = rule->value[KEY_payload] & 15;
	s->flags = sys_blocks(fd) ? SLOT_BLOCKING : 0;
}

static int open_connection(int fd, const struct sockaddr *to, socklen_t len,
			   const struct addr *a, const struct live_rule *rule)
{
	int r = real_connect(fd, to, len);
	struct slot *s = slot_room(fd);

	if (r && r != -EINPROGRESS && r != -EINTR) {
		if (learn_is_failure(-r))
			learn_failed(a);
		return r;
	}
	if (!s) { /* no memo: nothing may stay held back */
		sys_sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
		return r || !sys_blocks(fd) ? r : client_wait_connected(fd);
	}
	fill(fd, s, a, rule);
	if (r) {
		slot_set(fd, SLOT_OPENING);
		return r;
	}
	/* nonblocking, TCP says 0 for no other reason */
	if (slot_has(s, SLOT_BLOCKING) && !kernel_holds_syn(fd)) {
		slot_flag(s, SLOT_TOLD);
		thread_self.fresh = fd + 1;
		slot_set(fd, SLOT_WATCHED);
		return 0;
	}
	slot_flag(s, SLOT_COOKIE_SYN);
	s->reason = not_proven(fd, a, rule) & 15;
	if (s->reason != REASON_none || !defer(fd, s, &r))
		r = first_contact(fd, s, to, len);
	else if (rule->value[KEY_watchdog])
		watchdog_guard();
	return r;
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
		slot_move(fd, SLOT_OPENING, SLOT_WATCHED);
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
	struct live_rule rule;
	struct addr a;

	if (thread_owes() && atomic_load(&slot_deferred) && sys_blocks(fd))
		debt_pay();
	if (slot_state(fd) != SLOT_PLAIN && connect_again(fd, to, len, ret))
		return true;
	if (slot_marked(fd, MARK_SAID) && said_before(fd, to, len, ret))
		return true;
	if (!ruled(fd, to, len, &a, &rule) || !wanted(fd, &a, &rule)) {
		take_off(fd);
		return false;
	}
	*ret = open_connection(fd, to, len, &a, &rule);
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
