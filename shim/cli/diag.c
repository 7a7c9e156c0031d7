/* SPDX-License-Identifier: MIT */
/* diag: the sockets of a network namespace, by sock_diag(7); see diag.h. */
#include "cli/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES (256 * 1024)
#define PATIENCE_S 10

struct question {
	struct sockets *to;
	int netlink;
	char *room; /* ANSWER_BYTES, aligned */
	int family, protocol;
};

/* --- answers ---------------------------------------------------------------------- */

/* A SYN or FIN counts as a byte there; of a listener they are its backlog. */
static void put_queues(struct sockets_one *one, uint32_t received, uint32_t unsent)
{
	bool their_fin = one->state == SOCKETS_CLOSE_WAIT ||
			 one->state == SOCKETS_LAST_ACK ||
			 one->state == SOCKETS_CLOSING;
	bool ours = one->state == SOCKETS_SYN_SENT || one->state == SOCKETS_FIN_WAIT1 ||
		    one->state == SOCKETS_LAST_ACK || one->state == SOCKETS_CLOSING;

	if (one->state == SOCKETS_LISTEN)
		return;
	one->received = received - (received && their_fin);
	one->unsent = unsent - (unsent && ours);
}

static void read_end(struct addr *ret, int family, const uint32_t *ip, uint16_t port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = port };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_port = port,
				  .sin_addr = { ip[0] } };

	if (!port)
		return;
	memcpy(&a6.sin6_addr, ip, sizeof(a6.sin6_addr));
	if (family == AF_INET6)
		addr_read(&a6, sizeof(a6), ret);
	else
		addr_read(&a4, sizeof(a4), ret);
}

static bool put_inet(const struct question *q, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	bool is_tcp = q->protocol != IPPROTO_UDP;
	struct sockets_one *one;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return false;
	if (!m->idiag_inode)
		return true; /* a handshake, or already nobody's */
	one = sockets_add(q->to, m->idiag_inode, m->idiag_family);
	if (!one)
		return false;
	one->state = (uint8_t)sockets_state_of(m->idiag_family, is_tcp, m->idiag_state);
	one->name = m->id.idiag_cookie[0];
	put_queues(one, m->idiag_rqueue, m->idiag_wqueue);
	read_end(&one->own, m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	read_end(&one->peer, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
	return true;
}

/* The other end has closed: it is shut both ways, or has no peer with a file. */
static bool put_unix(const struct question *q, const struct nlmsghdr *h)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(*m)));
	long left = (long)h->nlmsg_len - (long)NLMSG_LENGTH(sizeof(*m));
	struct sockets_one *one;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return false;
	one = sockets_add(q->to, m->udiag_ino, AF_UNIX);
	if (!one)
		return false;
	one->state = (uint8_t)sockets_state_of(AF_UNIX, false, m->udiag_state);
	one->name = m->udiag_cookie[0];
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		const uint32_t *n = RTA_DATA(a);

		if (a->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(a) >= 4 && !*n &&
		    one->state == SOCKETS_CONNECTED)
			one->state = SOCKETS_PEER_CLOSED;
		if (a->rta_type == UNIX_DIAG_RQLEN && one->state != SOCKETS_LISTEN &&
		    RTA_PAYLOAD(a) >= sizeof(struct unix_diag_rqlen)) {
			one->received = n[0];
			one->unsent = n[1];
		}
	}
	return true;
}

/* -1: something is wrong; 1: that was the last one. */
static int put_all(const struct question *q, long bytes)
{
	const struct nlmsghdr *h = (const void *)q->room;

	for (; NLMSG_OK(h, bytes); h = NLMSG_NEXT(h, bytes)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return -1;
		if (!(q->family == AF_UNIX ? put_unix : put_inet)(q, h))
			return -1;
	}
	return 0;
}

static bool receive(const struct question *q)
{
	int status = 0;

	while (!status) {
		ssize_t n = recv(q->netlink, q->room, ANSWER_BYTES, 0);

		if (n < 0 && errno == EINTR)
			continue;
		status = n > 0 ? put_all(q, n) : -1;
	}
	return status > 0;
}

/* --- questions -------------------------------------------------------------------- */

#define MPTCP 262 /* does not fit where the protocol stands */

static bool ask_inet(struct question *q, int family, int protocol)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
		struct rtattr a;
		uint32_t protocol;
	} ask = {
		.h = { .nlmsg_len = sizeof(ask),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .sdiag_family = (uint8_t)family,
		       .sdiag_protocol = (uint8_t)(protocol & 0xff),
		       /* those have no descriptor */
		       .idiag_states = ~(1u << SOCKETS_TIME_WAIT | 1u << 12) },
		.a = { RTA_LENGTH(4), INET_DIAG_REQ_PROTOCOL },
		.protocol = (uint32_t)protocol,
	};

	if (protocol < 256)
		ask.h.nlmsg_len = NLMSG_LENGTH(sizeof(ask.r));
	q->family = family;
	q->protocol = protocol;
	return send(q->netlink, &ask, ask.h.nlmsg_len, 0) > 0 && receive(q);
}

static bool ask_unix(struct question *q)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} ask = {
		.h = { .nlmsg_len = sizeof(ask),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .sdiag_family = AF_UNIX,
		       .udiag_states = ~0u,
		       .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN },
	};

	q->family = AF_UNIX;
	return send(q->netlink, &ask, sizeof(ask), 0) > 0 && receive(q);
}

/* Kernels may lack UDP's or MPTCP's part: then such sockets are of unknown state. */
static bool ask_all(struct question *q, unsigned int families)
{
	static const int inet[] = { AF_INET, AF_INET6 };
	bool all = true;

	for (int i = 0; i < 2; i++)
		if (families & 1u << inet[i]) {
			all = ask_inet(q, inet[i], IPPROTO_TCP) && all;
			ask_inet(q, inet[i], IPPROTO_UDP);
			ask_inet(q, inet[i], MPTCP);
		}
	if (families & 1u << AF_UNIX)
		all = ask_unix(q) && all;
	return all;
}

/* --- where ------------------------------------------------------------------------ */

/* A socket stays in the namespace that it was made in. */
static int open_there(const struct process *p)
{
	const int kind = SOCK_RAW | SOCK_CLOEXEC;
	int own, its, fd = -1;

	if (process_shares(p, "net"))
		return socket(AF_NETLINK, kind, NETLINK_SOCK_DIAG);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	its = process_open(p, "ns/net", O_RDONLY);
	if (own >= 0 && its >= 0 && !setns(its, CLONE_NEWNET)) {
		fd = socket(AF_NETLINK, kind, NETLINK_SOCK_DIAG);
		if (setns(own, CLONE_NEWNET))
			abort(); /* what follows would be about another place */
	}
	if (own >= 0)
		close(own);
	if (its >= 0)
		close(its);
	return fd;
}

bool diag_read(struct sockets *s, const struct process *p, unsigned int families)
{
	const struct timeval patience = { PATIENCE_S, 0 };
	const int bytes = 4 * ANSWER_BYTES;
	struct question q = { .to = s, .netlink = open_there(p) };
	bool all = false;

	if (q.netlink < 0)
		return false;
	setsockopt(q.netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(q.netlink, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	q.room = malloc(ANSWER_BYTES);
	all = q.room && ask_all(&q, families);
	free(q.room);
	close(q.netlink);
	return all;
}
