/* SPDX-License-Identifier: MIT */
/* cookie: what the kernel knows of a destination; see cookie.h. */
#include "cli/cookie.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/tcp_metrics.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/where.h"

/* --- the way there --------------------------------------------------------------- */

/* UDP's connect() sends nothing: it only looks for the route. */
static int ask_route(const struct addr *to, struct cookie *ret)
{
	struct sockaddr_storage there, here;
	socklen_t len = where_socket(to, &there), own = sizeof(here);
	int fd = socket(there.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&there, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &own) < 0)
		err = -errno;
	else if (!addr_read(&here, own, &ret->from))
		err = -EAFNOSUPPORT;
	close(fd);
	ret->is_own_host = addr_is_loopback(to) ||
			   (!err && addr_same_host(&ret->from, to));
	return err;
}

/* --- generic netlink ------------------------------------------------------------- */

struct message {
	struct nlmsghdr head;
	struct genlmsghdr family;
	char attributes[4096];
};

static void begin(struct message *m, uint16_t family, uint8_t command)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_len = NLMSG_LENGTH(sizeof(m->family));
	m->head.nlmsg_type = family;
	m->head.nlmsg_flags = NLM_F_REQUEST;
	m->family.cmd = command;
	m->family.version = 1;
}

static void add(struct message *m, uint16_t type, const void *value, size_t n)
{
	struct nlattr *a = (struct nlattr *)(void *)((char *)m + m->head.nlmsg_len);

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((char *)a + NLA_HDRLEN, value, n);
	m->head.nlmsg_len += (uint32_t)NLA_ALIGN(a->nla_len);
}

/* The answer takes the question's place; 0 or negative errno. */
static int ask(int fd, struct message *m)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(const void *)&m->family;
	ssize_t n;

	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, m, sizeof(*m), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(m->head) + sizeof(m->family) ||
	    m->head.nlmsg_len > (size_t)n)
		return -EPROTO;
	if (m->head.nlmsg_type == NLMSG_ERROR)
		return e->error ? e->error : -EPROTO;
	return 0;
}

/* The bytes of that attribute, or NULL. */
static const void *find(const struct nlmsghdr *h, uint16_t type, size_t *ret_n)
{
	size_t at = NLMSG_LENGTH(sizeof(struct genlmsghdr));

	while (at + NLA_HDRLEN <= h->nlmsg_len) {
		const char *here = (const char *)h + at;
		struct nlattr a;

		memcpy(&a, here, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > h->nlmsg_len)
			break;
		*ret_n = a.nla_len - (size_t)NLA_HDRLEN;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return here + NLA_HDRLEN;
		at += (size_t)NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

static unsigned int find_u16(const struct nlmsghdr *h, uint16_t type)
{
	size_t n;
	const void *at = find(h, type, &n);
	uint16_t v = 0;

	if (at && n == sizeof(v))
		memcpy(&v, at, sizeof(v));
	return v;
}

static bool find_address(const struct nlmsghdr *h, uint16_t v4, uint16_t v6,
			 struct addr *ret)
{
	size_t n;
	const void *at = find(h, v4, &n);

	*ret = (struct addr){ .version = 4 };
	if (!at || n != 4) {
		at = find(h, v6, &n);
		ret->version = 6;
		if (!at || n != 16)
			return false;
	}
	memcpy(ret->ip, at, n);
	return true;
}

/* --- tcp_metrics ----------------------------------------------------------------- */

/* The number of the family, or 0. */
static uint16_t ask_family(int fd, struct message *m)
{
	begin(m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	add(m, CTRL_ATTR_FAMILY_NAME, TCP_METRICS_GENL_NAME,
	    sizeof(TCP_METRICS_GENL_NAME));
	return ask(fd, m) ? 0 : (uint16_t)find_u16(&m->head, CTRL_ATTR_FAMILY_ID);
}

static int ask_metrics(int fd, const struct addr *to, struct cookie *ret)
{
	const size_t bytes = to->version == 4 ? 4 : 16;
	struct message m;
	const void *value;
	uint16_t family = ask_family(fd, &m);
	size_t n;
	int err;

	if (!family)
		return -EOPNOTSUPP;
	begin(&m, family, TCP_METRICS_CMD_GET);
	add(&m,
	    to->version == 4 ? TCP_METRICS_ATTR_ADDR_IPV4 : TCP_METRICS_ATTR_ADDR_IPV6,
	    to->ip, bytes);
	add(&m,
	    to->version == 4 ? TCP_METRICS_ATTR_SADDR_IPV4
			     : TCP_METRICS_ATTR_SADDR_IPV6,
	    ret->from.ip, bytes);
	err = ask(fd, &m);
	if (err)
		return err == -ESRCH ? 0 : -EOPNOTSUPP; /* it has no row */
	value = find(&m.head, TCP_METRICS_ATTR_FOPEN_COOKIE, &n);
	ret->bytes = value ? (unsigned int)n : 0;
	if (value)
		memcpy(ret->value, value, n < COOKIE_MOST ? n : COOKIE_MOST);
	ret->drops = find_u16(&m.head, TCP_METRICS_ATTR_FOPEN_SYN_DROPS);
	return 0;
}

static int open_netlink(void)
{
	const struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0)
		return -EOPNOTSUPP;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

int cookie_ask(const struct addr *to, struct cookie *ret)
{
	int err, fd;

	*ret = (struct cookie){ 0 };
	err = ask_route(to, ret);
	if (err)
		return err;
	fd = open_netlink();
	if (fd < 0)
		return fd;
	err = ask_metrics(fd, to, ret);
	close(fd);
	return err;
}

/* --- all of them ----------------------------------------------------------------- */

struct telling {
	void (*f)(const struct cookie_held *c, void *with);
	void *with;
};

static void tell(const struct nlmsghdr *h, const struct telling *t)
{
	struct cookie_held c;
	size_t n = 0;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(struct genlmsghdr)) ||
	    !find(h, TCP_METRICS_ATTR_FOPEN_COOKIE, &n) || !n ||
	    !find_address(h, TCP_METRICS_ATTR_ADDR_IPV4, TCP_METRICS_ATTR_ADDR_IPV6,
			  &c.to))
		return;
	find_address(h, TCP_METRICS_ATTR_SADDR_IPV4, TCP_METRICS_ATTR_SADDR_IPV6,
		     &c.from);
	c.bytes = (unsigned int)n;
	c.drops = find_u16(h, TCP_METRICS_ATTR_FOPEN_SYN_DROPS);
	t->f(&c, t->with);
}

/* 0: more will come; 1: that was all; negative errno. */
static int tell_some(int fd, char *room, size_t bytes, const struct telling *t)
{
	ssize_t n = recv(fd, room, bytes, 0);
	const struct nlmsghdr *h = (const void *)room;

	if (n < 0)
		return errno == EINTR ? 0 : -EOPNOTSUPP;
	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EOPNOTSUPP;
		tell(h, t);
	}
	return 0;
}

int cookie_each(void (*f)(const struct cookie_held *c, void *with), void *with)
{
	const struct telling t = { f, with };
	_Alignas(struct nlmsghdr) char room[32768];
	struct message m;
	int fd = open_netlink(), done = 0;
	uint16_t family;

	if (fd < 0)
		return fd;
	family = ask_family(fd, &m);
	if (!family)
		done = -EOPNOTSUPP;
	begin(&m, family, TCP_METRICS_CMD_GET);
	m.head.nlmsg_flags |= NLM_F_DUMP;
	if (!done && send(fd, &m, m.head.nlmsg_len, 0) < 0)
		done = -EOPNOTSUPP;
	while (!done)
		done = tell_some(fd, room, sizeof(room), &t);
	close(fd);
	return done < 0 ? done : 0;
}
