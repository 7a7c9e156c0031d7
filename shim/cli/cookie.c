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
static const void *find(const struct message *m, uint16_t type, size_t *ret_n)
{
	size_t at = NLMSG_LENGTH(sizeof(m->family));

	while (at + NLA_HDRLEN <= m->head.nlmsg_len) {
		const char *here = (const char *)m + at;
		struct nlattr a;

		memcpy(&a, here, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > m->head.nlmsg_len)
			break;
		*ret_n = a.nla_len - (size_t)NLA_HDRLEN;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return here + NLA_HDRLEN;
		at += (size_t)NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

static unsigned int find_u16(const struct message *m, uint16_t type)
{
	size_t n;
	const void *at = find(m, type, &n);
	uint16_t v = 0;

	if (at && n == sizeof(v))
		memcpy(&v, at, sizeof(v));
	return v;
}

/* --- tcp_metrics ----------------------------------------------------------------- */

static uint16_t find_family(int fd)
{
	struct message m;

	begin(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	add(&m, CTRL_ATTR_FAMILY_NAME, TCP_METRICS_GENL_NAME,
	    sizeof(TCP_METRICS_GENL_NAME));
	return ask(fd, &m) ? 0 : (uint16_t)find_u16(&m, CTRL_ATTR_FAMILY_ID);
}

static int ask_metrics(int fd, const struct addr *to, struct cookie *ret)
{
	const size_t bytes = to->version == 4 ? 4 : 16;
	struct message m;
	uint16_t family = find_family(fd);
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
	ret->bytes = find(&m, TCP_METRICS_ATTR_FOPEN_COOKIE, &n) ? (unsigned int)n : 0;
	ret->drops = find_u16(&m, TCP_METRICS_ATTR_FOPEN_SYN_DROPS);
	return 0;
}

static int open_netlink(void)
{
	const struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd >= 0)
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
		return -EOPNOTSUPP;
	err = ask_metrics(fd, to, ret);
	close(fd);
	return err;
}

/* --- all of them ------------------------------------------------------------------ */

static bool find_address(const struct message *m, struct addr *ret)
{
	size_t n;
	const void *at = find(m, TCP_METRICS_ATTR_ADDR_IPV4, &n);

	*ret = (struct addr){ .version = 4 };
	if (!at) {
		at = find(m, TCP_METRICS_ATTR_ADDR_IPV6, &n);
		ret->version = 6;
	}
	if (!at || n != (ret->version == 4 ? 4 : 16))
		return false;
	memcpy(ret->ip, at, n);
	return true;
}

struct dump {
	void (*f)(const struct addr *to, unsigned int bytes, void *with);
	void *with;
	char answer[32768];
};

/* One of the answers, which come many at a time; false: that was the last. */
static bool tell(const struct dump *d, const char *at, size_t n)
{
	struct message m = { 0 };
	struct addr to;
	size_t bytes;

	memcpy(&m, at, n < sizeof(m) ? n : sizeof(m));
	if (m.head.nlmsg_type == NLMSG_DONE || m.head.nlmsg_type == NLMSG_ERROR)
		return false;
	if (n <= sizeof(m) && find_address(&m, &to) &&
	    find(&m, TCP_METRICS_ATTR_FOPEN_COOKIE, &bytes))
		d->f(&to, (unsigned int)bytes, d->with);
	return true;
}

static bool tell_all(const struct dump *d, size_t n)
{
	struct nlmsghdr head;

	for (size_t at = 0; at + sizeof(head) <= n;
	     at += (size_t)NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, d->answer + at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > n - at ||
		    !tell(d, d->answer + at, head.nlmsg_len))
			return false;
	}
	return true;
}

int cookie_each(void (*f)(const struct addr *to, unsigned int bytes, void *with),
		void *with)
{
	struct dump d = { .f = f, .with = with };
	int fd = open_netlink();
	uint16_t family = fd < 0 ? 0 : find_family(fd);
	struct message m;
	ssize_t n = -1;

	if (family) {
		begin(&m, family, TCP_METRICS_CMD_GET);
		m.head.nlmsg_flags |= NLM_F_DUMP;
		n = send(fd, &m, m.head.nlmsg_len, 0);
	}
	while (n > 0) {
		n = recv(fd, d.answer, sizeof(d.answer), 0);
		if (n > 0 && !tell_all(&d, (size_t)n))
			break;
	}
	if (fd >= 0)
		close(fd);
	return n > 0 ? 0 : -EOPNOTSUPP;
}
