/* SPDX-License-Identifier: MIT */
/* edge_args: bad pointers, lengths and descriptors in what is neither connect() nor a
 * plain write; what a call that succeeds does to errno.  See edge.h. */
#include "edge.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define MINUS ((socklen_t)-1)

static char byte;

/* --- reads
 * ----------------------------------------------------------------------------- */

static void args_readv(void)
{
	int fd = connected();
	struct iovec bad = { BAD, 1 }, good = { &byte, 1 };

	SAY(readv(fd, BAD, 1));
	SAY(readv(fd, &good, (int)far_too_long));
	SAY(readv(fd, BAD, 5000));
	SAY(readv(-1, &good, 1));
	SAY(send(fd, "good", 4, 0));
	SAY(readv(fd, &bad, 1));
	SAY(read(fd, BAD, 1));
	finish(fd);
}

static void args_recvfrom(void)
{
	int fd = connected();
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);

	SAY(recvfrom(fd, BAD, 1, MSG_DONTWAIT, NULL, NULL));
	SAY(recvfrom(fd, &byte, 1, MSG_DONTWAIT, BAD, BAD));
	SAY(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_OOB));
	SAY(recvfrom(-1, &byte, 1, 0, NULL, NULL));
	SAY(send(fd, "good", 4, 0));
	SAY(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &len));
	say("length %d\n", (int)len);
	SAY(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, BAD));
	SAY(recvfrom(fd, &byte, 1, 0, BAD, &len));
	finish(fd);
}

static void args_recvmsg(void)
{
	int fd = connected();
	struct iovec bad = { BAD, 1 }, good = { &byte, 1 };
	struct msghdr m = { .msg_iov = BAD, .msg_iovlen = 1 };

	SAY(recvmsg(fd, BAD, 0));
	SAY(recvmsg(fd, NULL, 0));
	SAY(recvmsg(fd, &m, 0));
	m.msg_iov = &good, m.msg_iovlen = 5000;
	SAY(recvmsg(fd, &m, 0));
	m.msg_iovlen = 1;
	SAY(recvmsg(fd, &m, MSG_DONTWAIT));
	SAY(send(fd, "good", 4, 0));
	m.msg_iov = &bad;
	SAY(recvmsg(fd, &m, 0));
	m.msg_iov = &good, m.msg_control = BAD, m.msg_controllen = 100;
	SAY(recvmsg(fd, &m, 0));
	m.msg_name = BAD, m.msg_namelen = MINUS;
	SAY(recvmsg(fd, &m, 0));
	finish(fd);
}

static void args_recvmmsg(void)
{
	int fd = connected();
	struct iovec good = { &byte, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &good, .msg_iovlen = 1 } };
	struct timespec wrong = { 0, -1 };

	SAY(recvmmsg(fd, BAD, 1, 0, NULL));
	SAY(recvmmsg(fd, &m, 1, MSG_DONTWAIT, BAD));
	SAY(recvmmsg(fd, &m, 1, MSG_DONTWAIT, &wrong));
	SAY(recvmmsg(fd, &m, 1, MSG_DONTWAIT, NULL));
	SAY(recvmmsg(-1, &m, 1, 0, NULL));
	go_on(fd);
}

/* --- writes
 * ---------------------------------------------------------------------------- */

static void args_sendto(void)
{
	int fd = connected();
	struct sockaddr *there = (struct sockaddr *)&to.at;

	SAY(sendto(fd, "x", 1, MSG_NOSIGNAL, BAD, to.len));
	SAY(sendto(fd, "x", 1, MSG_NOSIGNAL, there, MINUS));
	SAY(sendto(fd, "x", 1, MSG_NOSIGNAL, there, 1000));
	SAY(sendto(fd, BAD, 1, MSG_NOSIGNAL, there, to.len));
	SAY(sendto(-1, "x", 1, 0, there, to.len));
	SAY(sendto(fd, "short", 5, 0, there, 1));
	finish(fd);
}

static void args_sendmsg(void)
{
	int fd = connected();
	struct iovec v = { "x", 1 };
	struct msghdr m = {
		.msg_name = BAD, .msg_namelen = 16, .msg_iov = &v, .msg_iovlen = 1
	};

	SAY(sendmsg(fd, &m, 0));
	m.msg_name = &to.at, m.msg_namelen = MINUS;
	SAY(sendmsg(fd, &m, 0));
	m.msg_name = NULL, m.msg_namelen = 0;
	m.msg_control = BAD, m.msg_controllen = 100;
	SAY(sendmsg(fd, &m, 0));
	m.msg_controllen = far_too_long;
	SAY(sendmsg(fd, &m, 0));
	go_on(fd);
}

/* What TCP refuses in a control message, and what it overlooks. */
static void args_control(void)
{
	int fd = connected();
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, 9999 } };
	struct iovec v = { "control", 7 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	SAY(sendmsg(fd, &m, 0));
	control.head.cmsg_len = 1;
	SAY(sendmsg(fd, &m, 0));
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	control.head.cmsg_level = IPPROTO_TCP;
	SAY(sendmsg(fd, &m, 0));
	finish(fd);
}

static void args_sendmmsg(void)
{
	int fd = connected();
	struct iovec good = { "good", 4 }, bad = { BAD, 4 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &good, .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &bad, .msg_iovlen = 1 } } };

	SAY(sendmmsg(fd, m, 2, 0));
	say("lengths %u %u\n", m[0].msg_len, m[1].msg_len);
	SAY(sendmmsg(fd, m + 1, 1, 0));
	SAY(sendmmsg(-1, m, 1, 0));
	finish(fd);
}

static void args_sendfile(void)
{
	int fd = connected(), program = open(self, O_RDONLY);
	off_t minus = -1;

	SAY(sendfile(fd, program, BAD, 1));
	SAY(sendfile(fd, program, &minus, 1));
	SAY(sendfile(fd, 777, NULL, 1));
	SAY(sendfile(fd, fd, NULL, 1));
	SAY(sendfile(777, program, NULL, 1));
	close(program);
	go_on(fd);
}

static void args_splice(void)
{
	int fd = connected(), ends[2];
	off64_t at = 0;

	if (pipe(ends) || write(ends[1], "splice", 6) != 6)
		fail("pipe");
	SAY(splice(ends[0], NULL, fd, NULL, 0, 0));
	SAY(splice(ends[0], NULL, fd, &at, 6, 0));
	SAY(splice(ends[0], NULL, fd, BAD, 6, 0));
	SAY(splice(ends[0], NULL, fd, NULL, 6, 0xff00));
	SAY(splice(fd, NULL, fd, NULL, 6, 0));
	SAY(splice(777, NULL, fd, NULL, 6, 0));
	SAY(splice(fd, NULL, 777, NULL, 6, 0));
	go_on(fd);
}

static void args_pwritev2(void)
{
	int fd = connected();
	struct iovec v = { "x", 1 }, bad = { BAD, 1 };

	SAY(pwritev2(fd, BAD, 1, -1, 0));
	SAY(pwritev2(fd, &bad, 1, -1, 0));
	SAY(pwritev2(fd, &v, 1, -1, 0x40000000));
	SAY(pwritev2(fd, &v, 1, -2, 0));
	SAY(pwritev2(fd, &v, -1, -1, 0));
	go_on(fd);
}

/* --- questions
 * ------------------------------------------------------------------------- */

static void args_ioctl(void)
{
	int fd = connected();

	SAY(ioctl(fd, FIONREAD, BAD));
	SAY(ioctl(fd, SIOCOUTQ, BAD));
	SAY(ioctl(fd, FIONBIO, BAD));
	SAY(ioctl(fd, SIOCGIFNAME, BAD));
	SAY(ioctl(fd, 0xdead, 0));
	SAY(ioctl(-1, FIONREAD, BAD));
	go_on(fd);
}

static void args_getsockopt(void)
{
	int fd = connected(), n = 0;
	socklen_t len = sizeof(n), none = 0, minus = MINUS, one = 1;

	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, BAD, &len));
	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, BAD));
	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &minus));
	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &none));
	SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &one));
	SAY(getsockopt(fd, SOL_SOCKET, 9999, &n, &len));
	SAY(getsockopt(fd, 9999, 1, &n, &len));
	SAY(getsockopt(-1, SOL_SOCKET, SO_ERROR, &n, &len));
	go_on(fd);
}

static void args_information(void)
{
	int fd = connected(), n = 0;
	socklen_t len = sizeof(n), one = 1;

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &n, BAD));
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, BAD, &len));
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &n, &one));
	say("state %d\n", n);
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, BAD, &len));
	go_on(fd);
}

static void args_setsockopt(void)
{
	int fd = connected(), one = 1, two = 2;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, BAD, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, 1));
	SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &one, sizeof(one)));
	SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, BAD, sizeof(struct linger)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, BAD, 4));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, BAD, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &two, sizeof(two)));
	SAY(setsockopt(fd, IPPROTO_TCP, 9999, &one, sizeof(one)));
	SAY(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, MINUS));
	go_on(fd);
}

/* What a connected socket no longer takes. */
static void args_too_late(void)
{
	int fd = connected(), one = 1, none = 0;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &none, sizeof(none)));
	SAY(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "nonsense", 8));
	go_on(fd);
}

static void args_names(void)
{
	int fd = connected();
	struct sockaddr_storage a;
	socklen_t len = sizeof(a), minus = MINUS, none = 0;

	SAY(getsockname(fd, BAD, &len));
	SAY(getsockname(fd, (struct sockaddr *)&a, BAD));
	SAY(getsockname(fd, (struct sockaddr *)&a, &minus));
	SAY(getsockname(fd, (struct sockaddr *)&a, &none));
	say("length %d\n", (int)none);
	SAY(getpeername(-1, (struct sockaddr *)&a, &len));
	SAY(accept(fd, BAD, &len));
	SAY(accept4(fd, NULL, NULL, 1));
	SAY(shutdown(-1, SHUT_WR));
	go_on(fd);
}

/* --- waits and processes
 * --------------------------------------------------------------- */

static void args_select(void)
{
	struct timeval wrong = { 0, -1 };
	struct timespec wrong_too = { -1, 0 };
	int fd = connected(), gone = dup(fd);
	fd_set set;

	close(gone);
	FD_ZERO(&set);
	FD_SET(gone, &set);
	SAY(select(gone + 1, &set, NULL, NULL, NULL));
	SAY(select(-1, NULL, NULL, NULL, NULL));
	SAY(select(fd + 1, NULL, BAD, NULL, NULL));
	SAY(select(fd + 1, NULL, NULL, BAD, NULL));
	SAY(select(0, NULL, NULL, NULL, &wrong));
	SAY(pselect(fd + 1, BAD, NULL, NULL, NULL, NULL));
	SAY(pselect(0, NULL, NULL, NULL, &wrong_too, NULL));
	SAY(pselect(0, NULL, NULL, NULL, BAD, NULL));
	go_on(fd);
}

static void args_poll(void)
{
	struct timespec wrong = { 0, -1 }, none = { 0, 0 };
	int fd = connected();
	struct pollfd p[2] = { { fd, POLLOUT, 0 }, { 777, POLLIN, 0 } };

	SAY(poll(p, (nfds_t)far_too_long, 0));
	SAY(poll(p, 2, -1));
	say("%x %x\n", p[0].revents, p[1].revents);
	SAY(ppoll(p, 1, &wrong, NULL));
	SAY(ppoll(p, 1, &none, BAD));
	SAY(ppoll(BAD, 1, NULL, NULL));
	go_on(fd);
}

static void args_epoll(void)
{
	struct epoll_event e = { .events = EPOLLOUT };
	int fd = connected(), set = epoll_create1(0);

	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, BAD));
	SAY(epoll_ctl(set, EPOLL_CTL_MOD, fd, &e));
	SAY(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
	SAY(epoll_ctl(set, 77, fd, &e));
	SAY(epoll_ctl(fd, EPOLL_CTL_ADD, set, &e));
	SAY(epoll_ctl(set, EPOLL_CTL_ADD, 777, &e));
	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	SAY(epoll_wait(set, BAD, 1, -1));
	SAY(epoll_wait(set, &e, 0, -1));
	SAY(epoll_wait(set, &e, (int)far_too_long, -1));
	SAY(epoll_wait(fd, &e, 1, -1));
	SAY(epoll_wait(777, &e, 1, -1));
	SAY(epoll_pwait(set, &e, 1, 0, BAD));
	SAY(epoll_pwait2(set, &e, 1, BAD, NULL));
	SAY(epoll_wait(set, &e, 1, -1));
	say("%x\n", e.events);
	close(set);
	go_on(fd);
}

static void args_sleeps(void)
{
	const struct timespec wrong = { 0, -1 };
	int fd = connected(), status;

	SAY(nanosleep(&wrong, NULL));
	SAY(nanosleep(BAD, NULL));
	SAY(clock_nanosleep(77, 0, &wrong, NULL));
	SAY(waitpid(-1, &status, 0));
	SAY(waitpid(-1, &status, 0x1000000));
	SAY(wait(BAD));
	go_on(fd);
}

static void args_exec(void)
{
	char *words[] = { "program", NULL };
	int fd = connected();
	pid_t child;

	SAY(execve(BAD, words, NULL));
	SAY(execve(self, BAD, NULL));
	SAY(execve("/", words, NULL));
	SAY(posix_spawn(&child, "/nonexistent", NULL, NULL, words, NULL));
	SAY(close_range(9, 8, 0));
	SAY(close_range(3, 3, 0x1000));
	SAY(dup2(fd, -1));
	SAY(dup3(fd, 50, 0x77));
	SAY(fcntl(fd, F_DUPFD, -1));
	SAY(fcntl(fd, 9999, 0));
	go_on(fd);
}

/* --- errno
 * ----------------------------------------------------------------------------- */

#define KEEPS(call) (errno = 77, (void)(call), say(#call " leaves errno %d\n", errno))

static void errno_writes(void)
{
	struct iovec v = { "x", 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };
	int fd;

	KEEPS(!write(fd = connected(), "w", 1));
	finish(fd);
	KEEPS(!writev(fd = connected(), &v, 1));
	finish(fd);
	KEEPS(!sendmsg(fd = connected(), &m.msg_hdr, 0));
	finish(fd);
	KEEPS(sendmmsg(fd = connected(), &m, 1, 0));
	finish(fd);
	KEEPS(sendto(fd = connected(), "y", 1, 0, NULL, 0));
	finish(fd);
	KEEPS(dprintf(fd = connected(), "d"));
	finish(fd);
}

static void errno_questions(void)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	int fd = connected(), n = 1;

	KEEPS(getsockname(fd, (struct sockaddr *)&a, &len));
	KEEPS(getpeername(fd, (struct sockaddr *)&a, &len));
	len = sizeof(n);
	KEEPS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &len));
	KEEPS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &n, sizeof(n)));
	KEEPS(fcntl(fd, F_GETFL));
	KEEPS(ioctl(fd, SIOCOUTQ, &n));
	KEEPS(dup2(fd, 50));
	KEEPS(close(dup(50)));
	KEEPS(fcntl(fd, F_DUPFD_CLOEXEC, 60));
	KEEPS(close_range(50, 60, 0));
	KEEPS(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &a, &len));
	go_on(fd);
}

static void errno_waits(void)
{
	struct epoll_event e = { .events = EPOLLOUT };
	struct timespec none = { 0, 0 };
	int fd = connected(), set = epoll_create1(0);
	struct pollfd p = { fd, POLLOUT, 0 };
	fd_set w;

	FD_ZERO(&w);
	FD_SET(fd, &w);
	KEEPS(poll(&p, 1, -1));
	KEEPS(ppoll(&p, 1, NULL, NULL));
	KEEPS(select(fd + 1, NULL, &w, NULL, NULL));
	KEEPS(pselect(fd + 1, NULL, &w, NULL, NULL, NULL));
	KEEPS(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	KEEPS(epoll_wait(set, &e, 1, -1));
	KEEPS(epoll_pwait(set, &e, 1, -1, NULL));
	KEEPS(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
	KEEPS(nanosleep(&none, NULL));
	p.events = POLLIN;
	KEEPS(poll(&p, 1, 10));
	close(set);
	go_on(fd);
}

static void errno_processes(void)
{
	int fd = connected();
	pid_t child = -1;

	KEEPS(child = fork());
	if (child == 0)
		_exit(0);
	KEEPS(waitpid(child, NULL, 0));
	KEEPS(usleep(1000));
	KEEPS(!send(fd, "errno", 5, 0));
	KEEPS(shutdown(fd, SHUT_WR));
	KEEPS(!recv(fd, &byte, 1, 0));
	KEEPS(!read(fd, &byte, 1));
	hear(fd);
	KEEPS(close(fd));
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(args_readv),      CASE(args_recvfrom),    CASE(args_recvmsg),
		CASE(args_recvmmsg),   CASE(args_sendto),      CASE(args_sendmsg),
		CASE(args_control),    CASE(args_sendmmsg),    CASE(args_sendfile),
		CASE(args_splice),     CASE(args_pwritev2),    CASE(args_ioctl),
		CASE(args_getsockopt), CASE(args_information), CASE(args_setsockopt),
		CASE(args_too_late),   CASE(args_names),       CASE(args_select),
		CASE(args_poll),       CASE(args_epoll),       CASE(args_sleeps),
		CASE(args_exec),       CASE(errno_writes),     CASE(errno_questions),
		CASE(errno_waits),     CASE(errno_processes),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
