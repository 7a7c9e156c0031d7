/* SPDX-License-Identifier: MIT */
/* kernel: questions to the kernel about one socket; see kernel.h. */
#include "preload/kernel.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "core/outcome.h"
#include "core/clock.h"
#include "core/sys.h"

#define MPTCP 262 /* IPPROTO_MPTCP, for which glibc 2.31 has no name */

#define STATE_LISTEN 10
#define HELD_US 10000 /* signals are late by so much at most */

uint64_t kernel_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

bool kernel_holds_syn(int fd)
{
	struct tcp_facts f;

	return !outcome_facts(fd, &f) && f.handshaking;
}

int kernel_peer(int fd, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	socklen_t len = sizeof(
		struct sockaddr_in6); /* must be exact: longer is EINVAL */
	int err = sys_getsockopt(fd, SOL_SOCKET, SO_PEERNAME, ret, &len);

	if (err == -EINVAL) {
		len = sizeof(struct sockaddr_in);
		err = sys_getsockopt(fd, SOL_SOCKET, SO_PEERNAME, ret, &len);
	}
	if (!err)
		*ret_len = len;
	return err;
}

bool kernel_wait_handshake(int fd, int timeout_ms)
{
	uint64_t end = clock_now_us() +
		       (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000;
	int n;

	for (;;) {
		uint64_t now = clock_now_us();
		int left = timeout_ms < 0 ? -1
			   : now < end	  ? (int)((end - now) / 1000) + 1
					  : 0;

		n = sys_poll1(fd, POLLOUT, left, NULL);
		if (n != -EINTR)
			return n != 0;
		if (timeout_ms >= 0 && clock_now_us() >= end)
			return false;
	}
}

#define SIGNALS 64
#define SET_BYTES 8 /* of the kernel's sets of signals */

void kernel_hold(struct kernel_hold *h)
{
	sys_hold_signals(&h->mask);
}

static uint64_t due(uint64_t mask)
{
	uint64_t pending = 0;

	sys2(SYS_rt_sigpending, &pending, SET_BYTES);
	return pending & ~mask;
}

int kernel_release(const struct kernel_hold *h)
{
	uint64_t pending = due(h->mask);
	int cut = 0;

	for (int i = 0; i < SIGNALS && pending; i++) {
		struct {
			void *handler;
			unsigned long flags;
			char rest[48];
		} action = { .flags = 0 };

		if (!(pending & UINT64_C(1) << i) ||
		    sys4(SYS_rt_sigaction, i + 1, NULL, &action, SET_BYTES) ||
		    action.handler == (void *)SIG_DFL ||
		    action.handler == (void *)SIG_IGN)
			continue;
		if (cut != -EINTR)
			cut = action.flags & SA_RESTART ? -ERESTART : -EINTR;
	}
	sys_let_signals(&h->mask);
	return cut;
}

int kernel_poll_held(const struct kernel_hold *h, struct pollfd *p, unsigned int n,
		     int timeout_ms)
{
	uint64_t end = clock_now_us() + (uint64_t)timeout_ms * 1000;

	for (;;) {
		uint64_t now = clock_now_us();
		uint64_t left = now < end ? end - now : 0;
		struct timespec slice = { 0, (long)(left < HELD_US ? left : HELD_US) *
						     1000 };
		int r = (int)sys5(SYS_ppoll, p, n, &slice, NULL, 0);

		if (r != 0 || now >= end || due(h->mask))
			return r;
	}
}

bool kernel_is_due(const struct kernel_hold *h)
{
	return due(h->mask);
}

void kernel_clear_error(int fd)
{
	int e;
	socklen_t len = sizeof(e);

	sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);
}

int kernel_linger_s(int fd)
{
	struct linger asked = { 0, 0 };
	socklen_t len = sizeof(asked);

	if (sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &asked, &len) || !asked.l_onoff)
		return -1;
	return asked.l_linger;
}

void kernel_send_fin(int fd)
{
	if (kernel_linger_s(fd) != 0)
		sys2(SYS_shutdown, fd, SHUT_WR);
}

bool kernel_own_end(int fd, struct addr *ret)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);

	return !sys3(SYS_getsockname, fd, &own, &len) && addr_read(&own, len, ret);
}

bool kernel_is_tcp(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return !sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	       (protocol == IPPROTO_TCP || protocol == MPTCP);
}

bool kernel_is_own_host(int fd, const struct addr *to)
{
	struct addr own;

	return addr_is_loopback(to) ||
	       (kernel_own_end(fd, &own) && addr_same_host(&own, to));
}

/*
 * inet_diag looks up what a packet from `from` to `to` would meet.  From port 0: no
 * connection has it, living or in TIME_WAIT, so what is found is the listener.
 */
static void diag_id(struct inet_diag_sockid *id, const struct addr *from,
		    const struct addr *to)
{
	__builtin_memcpy(id->idiag_src, to->ip, sizeof(to->ip));
	__builtin_memcpy(id->idiag_dst, from->ip, sizeof(from->ip));
	id->idiag_sport = (uint16_t)(to->port << 8 | to->port >> 8);
	id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static bool ask_diag(int netlink, const struct addr *from, const struct addr *to)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} ask = {
		.h = { .nlmsg_len = sizeof(ask),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST },
		.r = { .sdiag_family = to->version == 4 ? AF_INET : AF_INET6,
		       .sdiag_protocol = IPPROTO_TCP,
		       .idiag_states = ~0u },
	};
	union {
		struct nlmsghdr h;
		char bytes[1024];
	} answer;
	long n;

	diag_id(&ask.r.id, from, to);
	if (sys_sendto(netlink, &ask, sizeof(ask), 0) != (long)sizeof(ask))
		return false;
	n = sys6(SYS_recvfrom, netlink, &answer, sizeof(answer), MSG_DONTWAIT, 0, 0);
	return n >= (long)(sizeof(answer.h) + sizeof(struct inet_diag_msg)) &&
	       answer.h.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	       ((struct inet_diag_msg *)(answer.bytes + NLMSG_HDRLEN))->idiag_state ==
		       STATE_LISTEN;
}

bool kernel_has_listener(int fd, const struct addr *to)
{
	struct addr from;
	bool yes;
	int netlink;

	if (!kernel_own_end(fd, &from) || from.version != to->version)
		return false;
	netlink = (int)sys3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_SOCK_DIAG);
	if (netlink < 0)
		return false;
	yes = ask_diag(netlink, &from, to);
	sys_close(netlink);
	return yes;
}
