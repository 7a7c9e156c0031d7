/* SPDX-License-Identifier: MIT */
/* edge_ask: questions about the connection, and reading and waiting before writing. See
 * edge.h. */
#include "edge.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>

/* --- questions
 * ------------------------------------------------------------------------- */

static void errno_untouched(void)
{
	struct pollfd p = { .events = POLLOUT };
	int fd = new_socket(&to, 0);
	char c[4];
	int e[8];

	errno = 77, (void)!dial(fd, &to), e[0] = errno;
	say_held(fd);
	errno = 77, (void)!send(fd, "ping", 4, 0), e[1] = errno;
	p.fd = fd;
	errno = 77, poll(&p, 1, 0), e[2] = errno;
	errno = 77, (void)!recv(fd, c, 4, 0), e[3] = errno;
	errno = 77, shutdown(fd, SHUT_WR), e[4] = errno;
	errno = 77, close(fd), e[5] = errno;
	fd = new_socket(&to, 0);
	dial(fd, &to);
	errno = 77, usleep(1000), e[6] = errno;
	errno = 77, close(fd), e[7] = errno;
	for (int i = 0; i < 8; i++)
		say("%d ", e[i]);
	say("\n");
}

static void information(void)
{
	int fd = connected(), n = -1;
	struct tcp_info info = { 0 };
	struct sockaddr_storage here;
	socklen_t len = sizeof(info);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("state %d, mss %d\n", info.tcpi_state, info.tcpi_snd_mss > 1000);
	len = sizeof(n);
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &n, &len));
	say("maxseg %d\n", n);
	SAY(ioctl(fd, FIONREAD, &n));
	SAY(n);
	SAY(ioctl(fd, SIOCOUTQ, &n));
	SAY(n);
	SAY(error_of(fd));
	len = sizeof(here);
	SAY(getsockname(fd, (struct sockaddr *)&here, &len));
	say("length %d, port %d\n", (int)len,
	    ((struct sockaddr_in *)&here)->sin_port != 0);
	go_on(fd);
}

static void maxseg_first(void)
{
	int fd = connected(), n = -1;
	socklen_t len = sizeof(n);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &n, &len));
	say("maxseg %d\n", n);
	go_on(fd);
}

static void options(void)
{
	int fd = connected(), one = 1;

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one)));
	SAY(send(fd, "cork", 4, 0));
	one = 0;
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one)));
	finish(fd);
}

static void connect_again(void)
{
	int fd = connected();

	SAY(dial(fd, &to));
	SAY(send(fd, "x", 1, 0));
	SAY(dial(fd, &to));
	finish(fd);
}

static void connect_elsewhere(void)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = connected();

	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SAY(connect(fd, (struct sockaddr *)&four, sizeof(four)));
	SAY(connect(fd, (struct sockaddr *)&to.at, 1));
	SAY(connect(fd, BAD, to.len));
	go_on(fd);
}

static void connect_nonblocking_again(void)
{
	int fd = connected_to(SOCK_NONBLOCK);

	SAY(writable(fd));
	SAY(dial(fd, &to));
	SAY(dial(fd, &to));
	SAY(send(fd, "again", 5, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void connect_unspec_nonblocking(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct pollfd p = { .events = POLLOUT };
	int fd = connected_to(SOCK_NONBLOCK);

	SAY(writable(fd));
	SAY(connect(fd, &nobody, sizeof(nobody)));
	p.fd = fd;
	SAY(poll(&p, 1, 0));
	SAY(p.revents);
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(dial(fd, &to));
	SAY(writable(fd));
	SAY(send(fd, "later", 5, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

/* From an address loop: the first refuses, the same socket is not used again. */
static void connect_after_refusal(void)
{
	struct sockaddr_in6 nobody = { .sin6_family = AF_INET6,
				       .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				       .sin6_port = htons(9) };
	int first = socket(AF_INET6, SOCK_STREAM, 0), fd;

	SAY(connect(first, (struct sockaddr *)&nobody, sizeof(nobody)));
	SAY(error_of(first));
	SAY(close(first));
	fd = connected();
	go_on(fd);
}

static void connect_unspec(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int fd = connected();
	char c;

	SAY(connect(fd, &nobody, sizeof(nobody)));
	SAY(recv(fd, &c, 1, MSG_DONTWAIT));
	SAY(dial(fd, &to));
	go_on(fd);
}

static void listen_on_it(void)
{
	int fd = connected();

	SAY(listen(fd, 1));
	SAY(bind(fd, (struct sockaddr *)&to.at, to.len));
	SAY(accept(fd, NULL, NULL));
	go_on(fd);
}

static void not_a_file(void)
{
	int fd = connected();
	struct stat st;
	char c;

	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(fstat(fd, &st));
	say("socket %d\n", S_ISSOCK(st.st_mode));
	SAY(pread(fd, &c, 1, 0));
	SAY(fsync(fd));
	go_on(fd);
}

/* --- reading and waiting
 * --------------------------------------------------------------- */

static void peek(void)
{
	int fd = connected();
	char c[8];

	SAY(recv(fd, c, 8, MSG_PEEK | MSG_DONTWAIT));
	SAY(send(fd, "peek", 4, 0));
	SAY(recv(fd, c, 2, MSG_PEEK));
	SAY(recv(fd, c, 4, MSG_WAITALL));
	finish(fd);
}

static void receive_dontwait(void)
{
	int fd = connected();
	char c;

	SAY(recv(fd, &c, 1, MSG_DONTWAIT));
	SAY(send(fd, "then", 4, 0));
	finish(fd);
}

static void receive_timeout(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = connected();
	long from = now_us();
	char c;

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	SAY(recv(fd, &c, 1, 0));
	say("in time %d\n", now_us() - from > 55000 && now_us() - from < 100000);
	SAY(send(fd, "then", 4, 0));
	finish(fd);
}

static void send_timeout(void)
{
	const struct timeval little = { 0, 4000 };
	int fd = connected();

	SAY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof(little)));
	SAY(send(fd, "timeout", 7, 0));
	SAY(send(fd, "again", 5, 0) > 0 || errno == EAGAIN);
	finish(fd);
}

static void send_timeout_before(void)
{
	const struct timeval second = { 1, 0 };
	int fd = new_socket(&to, 0);

	SAY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second)));
	dial_held(fd);
	SAY(send(fd, "timeout", 7, 0));
	finish(fd);
}

static void receive_timeout_before(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = new_socket(&to, 0);
	char c[8];

	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	dial_held(fd);
	SAY(recv(fd, c, 8, MSG_WAITALL));
	SAY(send(fd, "wait", 4, 0));
	SAY(recv(fd, c, 8, MSG_WAITALL));
	finish(fd);
}

static void poll_both(void)
{
	int fd = connected();
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };
	long from;

	SAY(poll(&p, 1, 50));
	SAY(p.revents);
	SAY(send(fd, "both", 4, 0));
	finish(fd);
	fd = connected();
	p = (struct pollfd){ fd, POLLIN, 0 };
	from = now_us();
	SAY(poll(&p, 1, 60));
	SAY(p.revents);
	say("in time %d\n", now_us() - from > 59000 && now_us() - from < 90000);
	go_on(fd);
}

/* Connected, so writable, however often and in whatever company it is asked. */
static void stays_writable_poll(void)
{
	int fd = connected();
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { 777, POLLIN, 0 } };

	SAY(poll(p, 1, 1));
	p[0].events = POLLOUT;
	SAY(poll(p, 1, 0));
	SAY(poll(p, 2, -1));
	say("%x %x\n", p[0].revents, p[1].revents);
	go_on(fd);
}

static void stays_writable_select(void)
{
	struct timeval little = { 0, 1000 }, none = { 0, 0 };
	int fd = connected();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	SAY(select(fd + 1, &set, NULL, NULL, &little));
	FD_SET(fd, &set);
	SAY(select(fd + 1, NULL, &set, NULL, &none));
	go_on(fd);
}

static void stays_writable_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd = connected(), set = epoll_create1(0);

	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	SAY(epoll_wait(set, &e, 1, 1));
	e.events = EPOLLOUT;
	SAY(epoll_ctl(set, EPOLL_CTL_MOD, fd, &e));
	SAY(epoll_wait(set, &e, 1, 0));
	close(set);
	go_on(fd);
}

/* Asked after work of its own. */
static int connected_late(void)
{
	int fd = connected();
	long until = now_us() + 8000;

	while (now_us() < until)
		;
	return fd;
}

static void late_poll(void)
{
	int fd = connected_late();
	struct pollfd p[2] = { { fd, POLLOUT, 0 }, { 777, POLLIN, 0 } };

	SAY(poll(p, 2, -1));
	say("%x %x\n", p[0].revents, p[1].revents);
	SAY(poll(p, 1, 0));
	go_on(fd);
}

static void late_ppoll(void)
{
	const struct timespec none = { 0, 0 };
	int fd = connected_late();
	struct pollfd p = { fd, POLLOUT, 0 };

	SAY(ppoll(&p, 1, &none, NULL));
	go_on(fd);
}

static void late_select(void)
{
	struct timeval none = { 0, 0 };
	int fd = connected_late();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	SAY(select(fd + 1, NULL, &set, NULL, &none));
	go_on(fd);
}

static void late_epoll(void)
{
	struct epoll_event e = { .events = EPOLLOUT };
	int fd = connected_late(), set = epoll_create1(0);

	SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
	SAY(epoll_wait(set, &e, 1, 0));
	close(set);
	go_on(fd);
}

/* Told writable by a wait that had company. */
static void writable_in_company(void)
{
	int fd = connected();
	struct pollfd p[2] = { { fd, POLLOUT, 0 }, { 777, POLLIN, 0 } };

	SAY(poll(p, 2, -1));
	say("%x %x\n", p[0].revents, p[1].revents);
	go_on(fd);
}

static void select_both(void)
{
	struct timeval little = { 0, 60000 };
	int fd = connected();
	fd_set r, w;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(fd, &r);
	FD_SET(fd, &w);
	SAY(select(fd + 1, &r, &w, NULL, &little));
	say("%d %d\n", FD_ISSET(fd, &r) != 0, FD_ISSET(fd, &w) != 0);
	FD_SET(fd, &r);
	SAY(select(fd + 1, &r, NULL, NULL, &little));
	say("%d, time left %ld\n", FD_ISSET(fd, &r) != 0,
	    little.tv_sec * 1000000 + little.tv_usec);
	go_on(fd);
}

static void toggled(void)
{
	struct pollfd p = { .events = POLLIN };
	int fd = connected(), one = 1;
	char c[4];

	SAY(ioctl(fd, FIONBIO, &one));
	SAY(send(fd, "toggled", 7, 0));
	SAY(recv(fd, c, 4, 0));
	p.fd = fd;
	SAY(poll(&p, 1, 1000));
	one = 0;
	SAY(ioctl(fd, FIONBIO, &one));
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(errno_untouched),
		CASE(information),
		CASE(maxseg_first),
		CASE(options),
		CASE(connect_again),
		CASE(connect_elsewhere),
		CASE(connect_nonblocking_again),
		CASE(connect_unspec_nonblocking),
		CASE(connect_after_refusal),
		CASE(connect_unspec),
		CASE(listen_on_it),
		CASE(not_a_file),
		CASE(peek),
		CASE(receive_dontwait),
		CASE(receive_timeout),
		CASE(receive_timeout_before),
		CASE(send_timeout),
		CASE(send_timeout_before),
		CASE(poll_both),
		CASE(stays_writable_poll),
		CASE(stays_writable_select),
		CASE(stays_writable_epoll),
		CASE(writable_in_company),
		CASE(late_poll),
		CASE(late_ppoll),
		CASE(late_select),
		CASE(late_epoll),
		CASE(select_both),
		CASE(toggled),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
