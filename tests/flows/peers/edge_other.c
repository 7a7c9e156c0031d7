/* SPDX-License-Identifier: MIT */
/* edge_other: sockets that are not ours to touch, while a connection is held back;
 * other kinds of TCP; programs that do Fast Open by themselves.  See edge.h. */
#include "edge.h"

#include <linux/errqueue.h>
#include <sys/un.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* --- not ours
 * -------------------------------------------------------------------------- */

static int bound_udp(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SAY(bind(fd, (struct sockaddr *)at, len));
	getsockname(fd, (struct sockaddr *)at, &len);
	return fd;
}

static void other_udp(void)
{
	struct sockaddr_in here, there, from;
	socklen_t len = sizeof(from);
	int fd = connected(), one = bound_udp(&here), two = bound_udp(&there);
	char c[8];

	SAY(sendto(one, "udp", 3, 0, (struct sockaddr *)&there, sizeof(there)));
	SAY(sendto(one, "", 0, 0, (struct sockaddr *)&there, sizeof(there)));
	SAY(recvfrom(two, c, 8, 0, (struct sockaddr *)&from, &len));
	say("from %d\n", from.sin_port == here.sin_port);
	SAY(recv(two, c, 8, MSG_DONTWAIT));
	SAY(recv(two, c, 8, MSG_DONTWAIT));
	SAY(send(one, "lost", 4, 0));
	SAY(getpeername(one, (struct sockaddr *)&from, &len));
	SAY(sendto(one, "udp", 3, MSG_FASTOPEN, (struct sockaddr *)&there, len));
	SAY(shutdown(one, SHUT_WR));
	SAY(listen(one, 1));
	SAY(close(one));
	SAY(close(two));
	go_on(fd);
}

static void other_udp_connected(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct sockaddr_in here, there, peer;
	socklen_t len = sizeof(peer);
	int fd = connected(), one = bound_udp(&here), two = bound_udp(&there);
	char c[8];

	SAY(connect(one, (struct sockaddr *)&there, sizeof(there)));
	SAY(connect(one, (struct sockaddr *)&there, sizeof(there)));
	SAY(getpeername(one, (struct sockaddr *)&peer, &len));
	say("peer %d\n", peer.sin_port == there.sin_port);
	SAY(write(one, "udp", 3));
	SAY(read(two, c, 8));
	SAY(close(two));
	SAY(send(one, "refused", 7, 0));
	SAY(send(one, "refused", 7, 0));
	SAY(connect(one, &nobody, sizeof(nobody)));
	SAY(getpeername(one, (struct sockaddr *)&peer, &len));
	SAY(connect(one, (struct sockaddr *)&to.at, to.len));
	SAY(close(one));
	go_on(fd);
}

static void other_unix(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, type, 0), one = socket(AF_UNIX, type, 0), two;
	socklen_t len = sizeof(at.sun_family);
	char c[8];

	SAY(bind(listener, (struct sockaddr *)&at, len));
	len = sizeof(at);
	getsockname(listener, (struct sockaddr *)&at, &len);
	SAY(getpeername(one, NULL, NULL));
	SAY(connect(one, (struct sockaddr *)&at, len));
	SAY(listen(listener, 1));
	SAY(connect(one, (struct sockaddr *)&at, len));
	two = accept(listener, NULL, NULL);
	two = two < 0 ? dup(listener) : two;
	SAY(send(one, "unix", 4, 0));
	SAY(recv(two, c, 8, 0));
	SAY(send(one, "x", 1, MSG_FASTOPEN));
	SAY(shutdown(one, SHUT_WR));
	SAY(send(one, "x", 1, MSG_NOSIGNAL));
	SAY(close(one));
	SAY(recv(two, c, 8, MSG_DONTWAIT));
	SAY(close(two));
	SAY(close(listener));
}

static void other_unix_stream(void)
{
	int fd = connected();
	other_unix(SOCK_STREAM);
	go_on(fd);
}

static void other_unix_dgram(void)
{
	int fd = connected();
	other_unix(SOCK_DGRAM);
	go_on(fd);
}

static void other_unix_seqpacket(void)
{
	int fd = connected();
	other_unix(SOCK_SEQPACKET);
	go_on(fd);
}

static void other_family(void)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/none" };
	int fd = connected(), other = new_socket(&to, 0);

	SAY(connect(other, (struct sockaddr *)&local, sizeof(local)));
	SAY(connect(other, (struct sockaddr *)&to.at, 2));
	SAY(send(other, "x", 1, MSG_NOSIGNAL));
	SAY(close(other));
	SAY(connect(fd, (struct sockaddr *)&local, sizeof(local)));
	go_on(fd);
}

/* --- other kinds of TCP
 * ---------------------------------------------------------------- */

static int multipath(int flags)
{
	int fd = socket(to.at.ss_family, SOCK_STREAM | flags, IPPROTO_MPTCP);

	say("socket %d\n", fd < 0 ? -errno : 0);
	return fd;
}

static void multipath_writes(void)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = multipath(0);

	dial_held(fd);
	SAY(getpeername(fd, (struct sockaddr *)&peer, &len));
	SAY(send(fd, "multi", 5, 0));
	finish(fd);
	fd = multipath(0); /* and once more, held back or not */
	SAY(dial(fd, &to));
	go_on(fd);
}

static void multipath_reads(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = multipath(0);
	char c;

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	dial_held(fd);
	SAY(recv(fd, &c, 1, 0));
	go_on(fd);
}

static void multipath_nonblocking(void)
{
	int fd = multipath(SOCK_NONBLOCK);

	dial_held(fd);
	SAY(writable(fd));
	SAY(error_of(fd));
	SAY(send(fd, "multi", 5, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void multipath_unwritten(void)
{
	int fd = multipath(0);

	dial_held(fd);
	SAY(close(fd));
}

static void stream_by_name(void)
{
	int fd = socket(to.at.ss_family, SOCK_STREAM, IPPROTO_TCP);

	dial_held(fd);
	go_on(fd);
}

/* --- its own Fast Open
 * ----------------------------------------------------------------- */

static void open_options(int fd)
{
	int n = -1;
	socklen_t len = sizeof(n);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &n, &len));
	SAY(n);
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &n, &len));
	SAY(n);
}

/* On what it believes is connected. */
static void open_on_it(void)
{
	int fd = connected();
	struct sockaddr *there = (struct sockaddr *)&to.at;

	open_options(fd);
	SAY(send(fd, "x", 1, MSG_FASTOPEN));
	SAY(sendto(fd, "x", 1, MSG_FASTOPEN, there, to.len));
	go_on(fd);
}

static void open_by_sendmsg(void)
{
	struct iovec v = { "sendmsg", 7 };
	struct msghdr m = { .msg_name = &to.at,
			    .msg_namelen = to.len,
			    .msg_iov = &v,
			    .msg_iovlen = 1 };
	int held = connected(), fd = new_socket(&to, 0);

	SAY(sendmsg(fd, &m, MSG_FASTOPEN));
	SAY(sendmsg(fd, &m, MSG_FASTOPEN));
	finish(fd);
	go_on(held);
}

static void open_by_sendmmsg(void)
{
	struct iovec v = { "sendmmsg", 8 };
	struct mmsghdr m = { .msg_hdr = { .msg_name = &to.at,
					  .msg_namelen = to.len,
					  .msg_iov = &v,
					  .msg_iovlen = 1 } };
	int held = connected(), fd = new_socket(&to, 0);

	SAY(sendmmsg(fd, &m, 1, MSG_FASTOPEN));
	finish(fd);
	go_on(held);
}

static void open_nonblocking(void)
{
	int held = connected(), fd = new_socket(&to, SOCK_NONBLOCK);
	struct sockaddr *there = (struct sockaddr *)&to.at;

	SAY(sendto(fd, "nonblocking", 11, MSG_FASTOPEN, there, to.len));
	SAY(sendto(fd, "again", 5, MSG_FASTOPEN, there, to.len));
	SAY(dial(fd, &to));
	SAY(writable(fd));
	fcntl(fd, F_SETFL, 0);
	go_on(fd);
	go_on(held);
}

static void open_by_connect(void)
{
	int held = connected(), fd = new_socket(&to, 0), one = 1, none = 0;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	SAY(dial(fd, &to));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &none, sizeof(none)));
	go_on(fd);
	go_on(held);
}

static void open_changed_its_mind(void)
{
	int held = connected(), fd = new_socket(&to, 0), one = 1, none = 0;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &none, sizeof(none)));
	SAY(dial(fd, &to));
	go_on(fd);
	go_on(held);
}

static void open_without_cookie(void)
{
	int held = connected(), fd = new_socket(&to, 0), one = 1;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one, sizeof(one)));
	SAY(dial(fd, &to));
	open_options(fd);
	go_on(fd);
	go_on(held);
}

static void open_refused(void)
{
	int fd = connected();
	struct sockaddr_in6 nowhere = { .sin6_family = AF_INET6 };

	SAY(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&nowhere, 28));
	SAY(send(fd, "x", 1, MSG_FASTOPEN | MSG_DONTWAIT));
	SAY(send(fd, BAD, 1, MSG_FASTOPEN));
	go_on(fd);
}

/* --- completions
 * ----------------------------------------------------------------------- */

static void zero_copy(void)
{
	union {
		struct cmsghdr head;
		char room[256];
	} control;
	struct msghdr m = { .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd = connected(), one = 1;
	struct pollfd p = { fd, 0, 0 };
	struct sock_extended_err *e = (void *)CMSG_DATA(&control.head);

	SAY(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)));
	SAY(recvmsg(fd, &m, MSG_ERRQUEUE));
	SAY(send(fd, "zero", 4, MSG_ZEROCOPY));
	SAY(poll(&p, 1, 1000));
	SAY(p.revents);
	m.msg_controllen = sizeof(control);
	SAY(recvmsg(fd, &m, MSG_ERRQUEUE));
	say("origin %d, %u to %u\n", e->ee_origin, e->ee_info, e->ee_data);
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(other_udp),
		CASE(other_udp_connected),
		CASE(other_unix_stream),
		CASE(other_unix_dgram),
		CASE(other_unix_seqpacket),
		CASE(other_family),
		CASE(multipath_writes),
		CASE(multipath_reads),
		CASE(multipath_nonblocking),
		CASE(multipath_unwritten),
		CASE(stream_by_name),
		CASE(open_on_it),
		CASE(open_by_sendmsg),
		CASE(open_by_sendmmsg),
		CASE(open_nonblocking),
		CASE(open_by_connect),
		CASE(open_changed_its_mind),
		CASE(open_without_cookie),
		CASE(open_refused),
		CASE(zero_copy),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
