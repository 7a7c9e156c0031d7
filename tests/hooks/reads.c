/* SPDX-License-Identifier: MIT */
/* reads: the calls that take bytes from a descriptor. */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
ssize_t __read(int fd, void *buf, size_t n) MAYBE;
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room_for) MAYBE;
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room_for, int flags) MAYBE;
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room_for, int flags,
		       struct sockaddr *from, socklen_t *len) MAYBE;

static int flags_now; /* of the calls that take flags */

static char bytes[64];

typedef ssize_t reader(int fd, void *buf, size_t n);

static void take(reader *get, int fd, size_t n)
{
	ssize_t r;

	memset(bytes, '.', sizeof(bytes));
	errno = UNTOUCHED;
	r = get(fd, bytes, n);
	step("read", r, errno);
	if (r > 0)
		say_bytes(bytes, r + 2);
}

static void from_one_kind(reader *get, struct ends *e)
{
	if (write(e->far, "hello, world", 12) != 12)
		say("\tfar cannot write");
	await(e->near);
	STEP(get(e->near, nowhere, 4));
	if (e->kind == KIND_DATAGRAM || e->kind == KIND_UDP) /* it is gone */
		STEP(write(e->far, "hello, world", 12));
	take(get, e->near, 5);
	if (e->kind != KIND_DATAGRAM && e->kind != KIND_UDP)
		take(get, e->near, 60);
	nonblocking(e->near);
	take(get, e->near, 5);
	if (write(e->far, "more", 4) != 4)
		say("\tfar cannot write");
	await(e->near);
	take(get, e->near, 0);
	take(get, e->near, 60);
	close(e->far);
	e->far = -1;
	if (e->kind != KIND_DATAGRAM && e->kind != KIND_UDP)
		await(e->near);
	take(get, e->near, 60);
	take(get, e->near, 60);
}

/* A descriptor that cannot be read, or not in this way. */
static void from_odd_ones(reader *get)
{
	struct sockaddr_storage at;
	socklen_t len;
	int fd, two[2];

	take(get, -1, 5);
	take(get, 9999, 5);
	fd = listener_new(&at, &len);
	nonblocking(fd);
	take(get, fd, 5);
	close(fd);
	take(get, fd, 5);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	take(get, fd, 5);
	close(fd);
	fd = open("/", O_RDONLY);
	take(get, fd, 5);
	close(fd);
	if (pipe(two))
		return;
	take(get, two[1], 5);
	close(two[0]);
	close(two[1]);
}

static void reads(reader *get)
{
	struct ends e;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    from %s", kind_name(k));
		if (ends_open(k, true, &e))
			from_one_kind(get, &e);
		ends_close(&e);
	}
	say("    from what cannot be read");
	from_odd_ones(get);
}

/* Interrupted while it sleeps, and woken by data that come later. */
static void sleeps(reader *get)
{
	struct ends e;

	say("    asleep");
	for (enum kind k = KIND_TCP; k <= KIND_UDP; k++) {
		if (!ends_open(k, true, &e))
			continue;
		alarm_in(5);
		take(get, e.near, 5);
		alarm_off();
		ends_close(&e);
	}
}

FRAGMENT(read)
{
	reads(read);
	sleeps(read);
}

FRAGMENT(__read)
{
	reads(__read);
	sleeps(__read);
}

static ssize_t read_chk(int fd, void *buf, size_t n)
{
	return __read_chk(fd, buf, n, sizeof(bytes));
}

FRAGMENT(__read_chk)
{
	reads(read_chk);
	sleeps(read_chk);
	say("    more than there is room for");
	IN_CHILD(close(STDERR_FILENO); __read_chk(0, bytes, 65, 64));
}

static ssize_t by_readv(int fd, void *buf, size_t n)
{
	struct iovec v[2] = { { buf, n / 2 }, { (char *)buf + n / 2, n - n / 2 } };

	return readv(fd, v, 2);
}

FRAGMENT(readv)
{
	struct iovec v = { bytes, 5 };

	reads(by_readv);
	sleeps(by_readv);
	STEP(readv(0, &v, minus_one));
	STEP(readv(0, &v, too_many));
	STEP(readv(0, nowhere, 1));
	STEP(readv(-1, &v, 1));
}

#define RWF_NOWAIT_ 8
ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags) MAYBE;
ssize_t preadv64v2(int fd, const struct iovec *v, int n, off64_t at, int flags) MAYBE;

static ssize_t by_preadv2(int fd, void *buf, size_t n)
{
	struct iovec v[2] = { { buf, n / 2 }, { (char *)buf + n / 2, n - n / 2 } };

	return preadv2(fd, v, 2, -1, flags_now);
}

static ssize_t by_preadv64v2(int fd, void *buf, size_t n)
{
	struct iovec v = { buf, n };

	return preadv64v2(fd, &v, 1, -1, flags_now);
}

static void at_once(reader *get)
{
	struct ends e;

	reads(get);
	sleeps(get);
	flags_now = RWF_NOWAIT_;
	say("    at once");
	for (enum kind k = KIND_TCP; k <= KIND_UNIX; k++) {
		if (!ends_open(k, true, &e))
			continue;
		OWING(get(e.near, bytes, 5));
		flags_now = 1 << 30;
		OWING(get(e.near, bytes, 5));
		flags_now = RWF_NOWAIT_;
		ends_close(&e);
	}
	flags_now = 0;
}

FRAGMENT(preadv2)
{
	struct iovec v = { bytes, 5 };

	at_once(by_preadv2);
	STEP(preadv2(0, &v, minus_one, -1, 0));
	STEP(preadv2(0, nowhere, 1, -1, 0));
	STEP(preadv2(0, &v, 1, 5, 0));
}

FRAGMENT(preadv64v2)
{
	at_once(by_preadv64v2);
}

static ssize_t by_recv(int fd, void *buf, size_t n)
{
	return recv(fd, buf, n, flags_now);
}

/* MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_OOB: the flags a program may meet. */
static void flags_of(reader *get)
{
	static const int flags[] = { MSG_PEEK,	   MSG_WAITALL, MSG_TRUNC,
				     MSG_DONTWAIT, MSG_OOB,	MSG_ERRQUEUE };
	struct ends e;

	say("    with flags");
	for (enum kind k = KIND_TCP; k <= KIND_UDP; k++) {
		if (!ends_open(k, true, &e))
			continue;
		if (write(e.far, "hello, world", 12) != 12)
			say("\tfar cannot write");
		await(e.near);
		nonblocking(e.near);
		for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
			flags_now = flags[i];
			take(get, e.near, 3);
		}
		flags_now = 0;
		ends_close(&e);
	}
}

FRAGMENT(recv)
{
	reads(by_recv);
	sleeps(by_recv);
	flags_of(by_recv);
}

static ssize_t recv_chk(int fd, void *buf, size_t n)
{
	return __recv_chk(fd, buf, n, sizeof(bytes), flags_now);
}

FRAGMENT(__recv_chk)
{
	reads(recv_chk);
	sleeps(recv_chk);
	flags_of(recv_chk);
}

static ssize_t by_recvfrom(int fd, void *buf, size_t n)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t r = recvfrom(fd, buf, n, flags_now, (struct sockaddr *)&from, &len);
	int e = errno;

	if (r >= 0)
		say("\tan address of %d bytes", (int)len);
	errno = e;
	return r;
}

FRAGMENT(recvfrom)
{
	struct ends e;
	socklen_t len = 4;
	char from[64];

	reads(by_recvfrom);
	sleeps(by_recvfrom);
	flags_of(by_recvfrom);
	say("    odd addresses");
	if (!ends_open(KIND_UDP, true, &e))
		return;
	for (int i = 0; i < 3; i++)
		if (write(e.far, "abc", 3) != 3)
			say("\tfar cannot write");
	STEP(recvfrom(e.near, bytes, 9, 0, (struct sockaddr *)from, &len));
	say("\tlength %d", (int)len);
	STEP(recvfrom(e.near, bytes, 9, 0, nowhere, &len));
	STEP(recvfrom(e.near, bytes, 9, 0, (struct sockaddr *)from, nowhere));
	ends_close(&e);
}

static ssize_t recvfrom_chk(int fd, void *buf, size_t n)
{
	return __recvfrom_chk(fd, buf, n, sizeof(bytes), flags_now, NULL, NULL);
}

FRAGMENT(__recvfrom_chk)
{
	reads(recvfrom_chk);
	sleeps(recvfrom_chk);
	flags_of(recvfrom_chk);
}

static ssize_t by_recvmsg(int fd, void *buf, size_t n)
{
	struct iovec v = { buf, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t r = recvmsg(fd, &m, flags_now);
	int e = errno;

	if (r >= 0)
		say("\tflags %#x", m.msg_flags);
	errno = e;
	return r;
}

FRAGMENT(recvmsg)
{
	struct ends e;

	reads(by_recvmsg);
	sleeps(by_recvmsg);
	flags_of(by_recvmsg);
	if (ends_open(KIND_TCP, true, &e)) /* musl writes to the header itself */
		STEP(recvmsg(-1, &(struct msghdr){ 0 }, 0));
	ends_close(&e);
}

static ssize_t by_recvmmsg(int fd, void *buf, size_t n)
{
	struct iovec v = { buf, n };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };
	int r = recvmmsg(fd, &m, 1, (unsigned int)flags_now, NULL);

	return r == 1 ? (ssize_t)m.msg_len : r;
}

FRAGMENT(recvmmsg)
{
	struct iovec v[3] = { { bytes, 4 }, { bytes + 4, 4 }, { bytes + 8, 4 } };
	struct mmsghdr m[3] = { { .msg_hdr = { .msg_iov = &v[0], .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v[1], .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v[2], .msg_iovlen = 1 } } };
	struct timespec t = { 0, 1000000 }, wrong = { 0, 2000000000 };
	struct ends e;

	reads(by_recvmmsg);
	sleeps(by_recvmmsg);
	say("    several");
	if (!ends_open(KIND_UDP, true, &e))
		return;
	for (int i = 0; i < 2; i++)
		if (write(e.far, "abc", 3) != 3)
			say("\tfar cannot write");
	STEP(recvmmsg(e.near, m, 3, MSG_DONTWAIT, &t));
	say_bytes(bytes, 8);
	STEP(recvmmsg(e.near, m, 3, MSG_DONTWAIT, &wrong));
	STEP(recvmmsg(e.near, m, 0, MSG_DONTWAIT, NULL));
	ends_close(&e);
}
