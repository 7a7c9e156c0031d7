/* SPDX-License-Identifier: MIT */
/* writes: the calls that give bytes to a descriptor, also as the first on a connection.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
ssize_t __write(int fd, const void *buf, size_t n) MAYBE;
ssize_t __send(int fd, const void *buf, size_t n, int flags) MAYBE;
ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags) MAYBE;
ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int flags) MAYBE;

static int flags_now;

typedef ssize_t writer(int fd, const void *buf, size_t n);

static void arrives(int fd)
{
	char bytes[64];
	ssize_t n;

	await(fd);
	n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && errno == ENOTSOCK)
		n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		say("\t\tnothing: %s", strerror(errno));
	else
		say_bytes(bytes, n);
}

static void give(writer *put, struct ends *e, const char *bytes, size_t n)
{
	ssize_t r;

	errno = UNTOUCHED;
	r = put(e->near, bytes, n);
	step("put", r, errno);
	if (r > 0)
		arrives(e->far);
}

static void to_one_kind(writer *put, struct ends *e)
{
	STEP(put(e->near, nowhere, 4));
	give(put, e, "hello", 5);
	STEP(put(e->near, "", 0));
	give(put, e, "a\0b", 3);
	nonblocking(e->near);
	give(put, e, "c", 1);
	close(e->far);
	e->far = -1;
	STEP(put(e->near, "after the end", 13));
	STEP(put(e->near, "after the end", 13));
}

static volatile sig_atomic_t pipes_broken;

static void count(int sig)
{
	(void)sig;
	pipes_broken++;
}

static void to_odd_ones(writer *put)
{
	int two[2], fd;

	STEP(put(-1, "x", 1));
	STEP(put(9999, "x", 1));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(put(fd, "x", 1));
	close(fd);
	STEP(put(fd, "x", 1));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	STEP(put(fd, "x", 1));
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	STEP(put(fd, "x", 1));
	close(fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, two))
		return;
	close(two[1]);
	pipes_broken = 0;
	signal(SIGPIPE, count);
	STEP(put(two[0], "x", 1));
	signal(SIGPIPE, SIG_IGN);
	say("\tSIGPIPE came %d times", (int)pipes_broken);
	close(two[0]);
}

/* Until it would block: as much as without us. */
static void until_full(writer *put)
{
	static char block[4096];
	long total = 0;
	struct ends e;
	ssize_t n;

	if (!ends_open(KIND_PIPE, false, &e))
		return;
	nonblocking(e.near);
	while ((n = put(e.near, block, sizeof(block))) > 0)
		total += n;
	say("\tfull after %ld: %s", total, strerror(errno));
	ends_close(&e);
}

/* One conversation: the first bytes are these, and the peer answers. */
static void converse(writer *put, int listener, const struct sockaddr *at,
		     socklen_t len, bool odd)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), other;
	struct sockaddr_storage peer;
	char c;

	STEP(connect(client, at, len));
	if (odd) {
		STEP(put(client, "", 0));
		STEP(put(client, nowhere, 5));
	}
	STEP(put(client, "GET ", 4));
	other = accept(listener, NULL, NULL);
	arrives(other);
	STEP(put(client, "more", 4));
	arrives(other);
	if (write(other, "!", 1) != 1)
		say("\tno answer");
	STEP(read(client, &c, 1));
	len = sizeof(peer);
	STEP(getpeername(client, (struct sockaddr *)&peer, &len));
	close(client);
	arrives(other);
	close(other);
}

static void first_ones(writer *put)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);

	say("    as the first on a connection");
	for (int i = 0; i < rounds(); i++)
		converse(put, listener, (struct sockaddr *)&at, len, false);
	for (int i = 0; i < rounds(); i++)
		converse(put, listener, (struct sockaddr *)&at, len, i % 2);
	close(listener);
}

static void writes(writer *put)
{
	struct ends e;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    to %s", kind_name(k));
		if (ends_open(k, false, &e))
			to_one_kind(put, &e);
		ends_close(&e);
	}
	say("    to what cannot be written");
	to_odd_ones(put);
	until_full(put);
	first_ones(put);
}

FRAGMENT(write)
{
	writes(write);
}

FRAGMENT(__write)
{
	writes(__write);
}

static ssize_t by_send(int fd, const void *buf, size_t n)
{
	return send(fd, buf, n, flags_now);
}

static ssize_t by_send_too(int fd, const void *buf, size_t n)
{
	return __send(fd, buf, n, flags_now);
}

static ssize_t by_sendto(int fd, const void *buf, size_t n)
{
	return sendto(fd, buf, n, flags_now, NULL, 0);
}

static void with_flags(writer *put)
{
	static const int flags[] = { MSG_NOSIGNAL, MSG_DONTWAIT, MSG_MORE,
				     MSG_DONTROUTE, MSG_EOR };

	writes(put);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		say("    with flags %#x", flags[i]);
		flags_now = flags[i];
		if (flags[i] != MSG_MORE) /* its bytes wait for others */
			first_ones(put);
		to_odd_ones(put);
	}
	flags_now = 0;
}

FRAGMENT(send)
{
	struct ends e;

	with_flags(by_send);
	if (ends_open(KIND_TCP, false, &e)) {
		STEP(send(e.near, "a", 1, MSG_OOB));
		STEP(send(e.near, "b", 1, 0));
		arrives(e.far);
	}
	ends_close(&e);
}

FRAGMENT(__send)
{
	with_flags(by_send_too);
}

FRAGMENT(sendto)
{
	struct sockaddr_storage at;
	socklen_t len;
	int fd;

	with_flags(by_sendto);
	say("    with an address");
	nobody_there(&at, &len);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	STEP(sendto(fd, "x", 1, 0, (struct sockaddr *)&at, len));
	STEP(sendto(fd, "x", 1, 0, nowhere, len));
	STEP(sendto(fd, "x", 1, 0, (struct sockaddr *)&at, 3));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(sendto(fd, "x", 1, 0, (struct sockaddr *)&at, len));
	close(fd);
}

static ssize_t by_writev(int fd, const void *buf, size_t n)
{
	struct iovec v[3] = { { (void *)buf, n / 2 },
			      { NULL, 0 },
			      { (char *)buf + n / 2, n - n / 2 } };

	return writev(fd, v, 3);
}

FRAGMENT(writev)
{
	struct iovec v = { (void *)"x", 1 };
	struct ends e;

	writes(by_writev);
	if (!ends_open(KIND_TCP, false, &e))
		return;
	STEP(writev(e.near, &v, minus_one));
	STEP(writev(e.near, &v, too_many));
	STEP(writev(e.near, nowhere, 1));
	STEP(writev(e.near, nowhere, 0));
	v.iov_len = (size_t)-1;
	STEP(writev(e.near, &v, 1));
	ends_close(&e);
}

static ssize_t by_sendmsg(int fd, const void *buf, size_t n)
{
	struct iovec v[2] = { { (void *)buf, n / 2 },
			      { (char *)buf + n / 2, n - n / 2 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	return sendmsg(fd, &m, flags_now);
}

FRAGMENT(sendmsg)
{
	struct msghdr m = { .msg_iov = nowhere, .msg_iovlen = 1 };
	struct ends e;

	with_flags(by_sendmsg);
	if (!ends_open(KIND_TCP, false, &e))
		return;
	STEP(sendmsg(e.near, &m, 0));
	m.msg_iovlen = 5000;
	STEP(sendmsg(e.near, &m, 0));
	m.msg_iovlen = 0;
	STEP(sendmsg(e.near, &m, 0));
	ends_close(&e);
}

static ssize_t by_sendmmsg(int fd, const void *buf, size_t n)
{
	struct iovec v = { (void *)buf, n };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };
	int r = sendmmsg(fd, &m, 1, (unsigned int)flags_now);

	return r == 1 ? (ssize_t)m.msg_len : r;
}

static ssize_t by_two_messages(int fd, const void *buf, size_t n)
{
	struct iovec v[2] = { { (void *)buf, n / 2 },
			      { (char *)buf + n / 2, n - n / 2 } };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &v[0], .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v[1], .msg_iovlen = 1 } } };
	int r = sendmmsg(fd, m, 2, (unsigned int)flags_now);

	return r == 2 ? (ssize_t)(m[0].msg_len + m[1].msg_len) : r;
}

FRAGMENT(sendmmsg)
{
	struct mmsghdr m;
	struct ends e;

	with_flags(by_sendmmsg);
	first_ones(by_two_messages);
	if (!ends_open(KIND_TCP, false, &e))
		return;
	STEP(sendmmsg(e.near, &m, 0, 0));
	ends_close(&e);
}

static ssize_t by_pwritev2(int fd, const void *buf, size_t n)
{
	struct iovec v = { (void *)buf, n };

	return pwritev2(fd, &v, 1, -1, 0);
}

FRAGMENT(pwritev2)
{
	struct iovec v = { (void *)"x", 1 };

	writes(by_pwritev2);
	STEP(pwritev2(1, &v, 1, 0, 0x7000000));
}

static ssize_t by_pwritev64v2(int fd, const void *buf, size_t n)
{
	struct iovec v = { (void *)buf, n };

	return pwritev64v2(fd, &v, 1, -1, 0);
}

FRAGMENT(pwritev64v2)
{
	writes(by_pwritev64v2);
}
