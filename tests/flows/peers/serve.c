/* SPDX-License-Identifier: MIT */
/*
 * serve CASE: an ordinary server.  Says "ready PORT", then, as the programs edge_* do,
 * what every call said.  serve list: its cases.  serve CASE FD: executed by itself,
 * with a socket that listens already.
 */
#include "edge.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>

static int inherited = -1;

/* --- what the cases share
 * -------------------------------------------------------------- */

static void ready(int fd)
{
	struct sockaddr_in6 here = { 0 };
	socklen_t len = sizeof(here);

	if (getsockname(fd, (struct sockaddr *)&here, &len))
		fail("getsockname");
	say("ready %d\n", ntohs(here.sin6_port));
}

static int bound(int type)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_STREAM | type, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		fail("bind");
	return fd;
}

static int listening(int type)
{
	int fd = bound(type);

	SAY(listen(fd, 16));
	ready(fd);
	return fd;
}

static int accepted(int listener)
{
	int fd = accept(listener, NULL, NULL);

	say("accepted %d\n", fd >= 0);
	return fd;
}

/* The ordinary life of a connection. */
static void serve(int fd)
{
	char request[64];
	ssize_t n = recv(fd, request, sizeof(request), 0);

	say("request %.*s\n", n > 0 ? (int)n : 0, request);
	SAY(send(fd, "pong", 4, 0));
	SAY(recv(fd, request, sizeof(request), 0));
	SAY(close(fd));
}

static int answer_silently(int listener)
{
	char request[64];
	int fd = accept(listener, NULL, NULL), good;

	if (fd < 0)
		return 0;
	good = recv(fd, request, sizeof(request), 0) == 4 &&
	       send(fd, "pong", 4, 0) == 4;
	close(fd);
	return good;
}

static int option(int fd, int level, int name)
{
	int n = -1;
	socklen_t len = sizeof(n);

	return getsockopt(fd, level, name, &n, &len) ? -errno : n;
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* --- accepting
 * ------------------------------------------------------------------------- */

static void plain(void)
{
	int fd = listening(0);

	serve(accepted(fd));
	SAY(close(fd));
	SAY(accept(fd, NULL, NULL));
}

static void flags_of(int fd)
{
	say("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
}

static void accept_flags(void)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
				     SOCK_NONBLOCK | SOCK_CLOEXEC };
	int listener = listening(0);

	for (int i = 0; i < 4; i++) {
		int fd = accept4(listener, NULL, NULL, flags[i]);

		flags_of(fd);
		flags_of(listener);
		fcntl(fd, F_SETFL, 0);
		serve(fd);
	}
	SAY(accept4(listener, NULL, NULL, 1));
}

/* What the listener is, the connection is not. */
static void accept_nonblocking(void)
{
	int listener = listening(SOCK_NONBLOCK | SOCK_CLOEXEC), fd;
	struct pollfd p = { listener, POLLIN, 0 };

	SAY(poll(&p, 1, 3000));
	fd = accept(listener, NULL, NULL);
	flags_of(fd);
	SAY(accept(listener, NULL, NULL));
	serve(fd);
	SAY(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
}

static void accept_names(void)
{
	struct sockaddr_in6 from = { 0 }, peer = { 0 }, here = { 0 };
	socklen_t len = sizeof(from), same = sizeof(peer), none = 4;
	int listener = listening(0);
	int fd = accept(listener, (struct sockaddr *)&from, &len);
	char text[INET6_ADDRSTRLEN];

	say("length %d\n", (int)len);
	SAY(getpeername(fd, (struct sockaddr *)&peer, &same));
	say("the same %d\n", len == same && !memcmp(&from, &peer, len));
	say("from %s\n", inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text)));
	SAY(getpeername(fd, (struct sockaddr *)&peer, &none));
	SAY(getsockname(fd, (struct sockaddr *)&here, &len));
	say("here %s\n", inet_ntop(AF_INET6, &here.sin6_addr, text, sizeof(text)));
	SAY(option(fd, SOL_SOCKET, SO_ERROR));
	SAY(option(fd, SOL_SOCKET, SO_ACCEPTCONN));
	SAY(dial(fd, &(struct place){ .len = 0 }));
	SAY(listen(fd, 1));
	serve(fd);
}

static void accept_bad(void)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from), minus = (socklen_t)-1;
	struct sockaddr *at = (struct sockaddr *)&from;
	int listener = listening(0);

	SAY(accept(listener, BAD, &len));
	SAY(accept(listener, at, BAD));
	SAY(accept(listener, at, &minus));
	SAY(accept(-1, NULL, NULL));
	SAY(accept(0, NULL, NULL));
	serve(accepted(listener));
}

static void accept_inherits(void)
{
	int listener = bound(0), fd;

	SAY(set_option(listener, IPPROTO_TCP, TCP_NODELAY, 1));
	SAY(set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
	SAY(set_option(listener, SOL_SOCKET, SO_RCVBUF, 8192));
	SAY(listen(listener, 5));
	ready(listener);
	fd = accepted(listener);
	SAY(option(fd, IPPROTO_TCP, TCP_NODELAY));
	SAY(option(fd, SOL_SOCKET, SO_KEEPALIVE));
	SAY(option(fd, SOL_SOCKET, SO_RCVBUF));
	serve(fd);
}

static void accept_information(void)
{
	int fd = accepted(listening(0));
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	SAY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("state %d\n", info.tcpi_state);
	serve(fd);
}

/* It looks before it takes. */
static void accept_and_peek(void)
{
	int fd = accepted(listening(0)), n = -1;
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };
	char c[8];

	SAY(recv(fd, c, 4, MSG_PEEK | MSG_WAITALL));
	SAY(poll(&p, 1, 0));
	say("%x\n", p.revents);
	SAY(ioctl(fd, FIONREAD, &n));
	SAY(n);
	SAY(send(fd, "early ", 6, 0));
	serve(fd);
}

static void accept_and_shut(void)
{
	int fd = accepted(listening(0));
	char c[8];

	SAY(send(fd, "pong", 4, 0));
	SAY(shutdown(fd, SHUT_WR));
	SAY(recv(fd, c, 4, MSG_WAITALL));
	SAY(recv(fd, c, 4, 0));
	SAY(close(fd));
}

static void accept_late(void)
{
	int listener = listening(0);

	usleep(300000); /* the client has long been waiting */
	serve(accepted(listener));
}

static void accept_in_a_loop(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int listener = listening(SOCK_NONBLOCK), set = epoll_create1(0), good = 0;

	epoll_ctl(set, EPOLL_CTL_ADD, listener, &e);
	while (good < 5 && epoll_wait(set, &e, 1, 3000) == 1)
		while (answer_silently(listener))
			good++;
	SAY(good);
	SAY(accept(listener, NULL, NULL));
}

/* --- listening
 * ------------------------------------------------------------------------- */

static void listen_twice(void)
{
	int fd = bound(0);

	SAY(listen(fd, 1));
	SAY(listen(fd, 20));
	SAY(listen(fd, -1));
	ready(fd);
	serve(accepted(fd));
}

static void listen_unbound(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	SAY(listen(fd, 0));
	ready(fd);
	serve(accepted(fd));
}

static void listen_badly(void)
{
	struct sockaddr_in6 here;
	socklen_t len = sizeof(here);
	int fd = listening(0), other = socket(AF_INET6, SOCK_STREAM, 0);

	getsockname(fd, (struct sockaddr *)&here, &len);
	SAY(bind(other, (struct sockaddr *)&here, len));
	SAY(listen(-1, 5));
	SAY(listen(0, 5));
	SAY(listen(socket(AF_INET, SOCK_DGRAM, 0), 5));
	SAY(connect(fd, (struct sockaddr *)&here, len));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	serve(accepted(fd));
}

static void listen_again(void)
{
	struct sockaddr_in6 here;
	socklen_t len = sizeof(here);
	int fd = bound(0), other;

	getsockname(fd, (struct sockaddr *)&here, &len);
	SAY(listen(fd, 5));
	SAY(shutdown(fd, SHUT_RD));
	SAY(accept(fd, NULL, NULL));
	SAY(close(fd));
	other = socket(AF_INET6, SOCK_STREAM, 0);
	SAY(set_option(other, SOL_SOCKET, SO_REUSEADDR, 1));
	SAY(bind(other, (struct sockaddr *)&here, len));
	SAY(listen(other, 5));
	ready(other);
	serve(accepted(other));
}

static void reuse_port(void)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(here);
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int good = 0;

	for (int i = 0; i < 2; i++) {
		p[i].fd = socket(AF_INET6, SOCK_STREAM, 0);
		SAY(set_option(p[i].fd, SOL_SOCKET, SO_REUSEPORT, 1));
		SAY(bind(p[i].fd, (struct sockaddr *)&here, len));
		SAY(listen(p[i].fd, 16));
		getsockname(p[i].fd, (struct sockaddr *)&here, &len);
	}
	ready(p[0].fd);
	while (good < 8 && poll(p, 2, 3000) > 0)
		for (int i = 0; i < 2; i++)
			good += p[i].revents && answer_silently(p[i].fd);
	SAY(good);
}

/* Nothing is accepted before there is something to read. */
static void defer_accept(void)
{
	int fd = bound(0), conn;
	char c[8];

	SAY(set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
	SAY(listen(fd, 5));
	ready(fd);
	conn = accepted(fd);
	SAY(recv(conn, c, 4, MSG_PEEK | MSG_DONTWAIT));
	serve(conn);
}

static void defer_accept_later(void)
{
	int fd = bound(0), conn;
	char c[8];

	SAY(listen(fd, 5));
	SAY(set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
	ready(fd);
	conn = accepted(fd);
	SAY(recv(conn, c, 4, MSG_PEEK | MSG_DONTWAIT));
	serve(conn);
}

/* --- several processes
 * ----------------------------------------------------------------- */

#define WORKERS 4

static void work(int listener)
{
	int good = 0;

	while (good < 2)
		good += answer_silently(listener);
	_exit(good);
}

static void workers(void)
{
	int listener = listening(0), status, good = 0;

	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0)
			work(listener);
	while (wait(&status) > 0)
		good += WEXITSTATUS(status);
	SAY(good);
}

static void child_listens(void)
{
	int fd = bound(0);
	pid_t child = fork();

	if (child == 0) {
		SAY(listen(fd, 5));
		ready(fd);
		serve(accepted(fd));
		_exit(0);
	}
	wait_child(child);
	serve(accepted(fd));
}

static void exec_inherits(void)
{
	char number[16];
	int fd = listening(0);

	snprintf(number, sizeof(number), "%d", fd);
	execl(self, "serve", "inherited", number, NULL);
	fail("execl");
}

static void inherits(void)
{
	SAY(option(inherited, SOL_SOCKET, SO_ACCEPTCONN));
	serve(accepted(inherited));
	serve(accepted(inherited));
}

/* --- its own Fast Open
 * ----------------------------------------------------------------- */

static void say_queue(int fd)
{
	say("queue %d\n", option(fd, IPPROTO_TCP, TCP_FASTOPEN));
}

static void own_queue(void)
{
	int fd = bound(0);

	SAY(set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, 5));
	say_queue(fd);
	SAY(listen(fd, 7));
	say_queue(fd);
	SAY(set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, 3));
	say_queue(fd);
	SAY(listen(fd, 9));
	say_queue(fd);
	ready(fd);
	serve(accepted(fd));
}

static void own_off(void)
{
	int fd = bound(0);

	SAY(set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, 0));
	SAY(listen(fd, 7));
	say_queue(fd);
	ready(fd);
	serve(accepted(fd));
}

static void own_key(void)
{
	static const char key[16] = "0123456789abcde";
	char back[32] = "";
	socklen_t len = sizeof(back);
	int fd = bound(0);

	SAY(set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, 5));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 15));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 16));
	SAY(listen(fd, 7));
	SAY(getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, back, &len));
	say("length %d, the same %d\n", (int)len, !memcmp(key, back, 16));
	ready(fd);
	serve(accepted(fd));
}

static void own_no_cookie(void)
{
	int fd = bound(0);

	SAY(set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	SAY(listen(fd, 7));
	SAY(option(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE));
	ready(fd);
	serve(accepted(fd));
}

/* It never asked for any. */
static void own_nothing(void)
{
	int fd = bound(0);

	say_queue(fd);
	SAY(listen(fd, 7));
	say_queue(fd);
	ready(fd);
	serve(accepted(fd));
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(plain),
		CASE(accept_flags),
		CASE(accept_nonblocking),
		CASE(accept_names),
		CASE(accept_bad),
		CASE(accept_inherits),
		CASE(accept_information),
		CASE(accept_and_peek),
		CASE(accept_and_shut),
		CASE(accept_late),
		CASE(accept_in_a_loop),
		CASE(listen_twice),
		CASE(listen_unbound),
		CASE(listen_badly),
		CASE(listen_again),
		CASE(reuse_port),
		CASE(defer_accept),
		CASE(defer_accept_later),
		CASE(workers),
		CASE(child_listens),
		CASE(exec_inherits),
		CASE(own_queue),
		CASE(own_off),
		CASE(own_key),
		CASE(own_no_cookie),
		CASE(own_nothing),
	};
	size_t n = sizeof(cases) / sizeof(*cases);

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		fail("readlink");
	if (argc == 3) {
		inherited = atoi(argv[2]);
		inherits();
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(argv[1], "list"))
			say("%s\n", cases[i].name);
		else if (!strcmp(argv[1], cases[i].name))
			cases[i].run();
	return 0;
}
