/* SPDX-License-Identifier: MIT */
/* edge_end: how it ends; and programs that do Fast Open by themselves.  See edge.h. */
#include "edge.h"

/* --- ends
 * ------------------------------------------------------------------------------ */

static void shutdown_at_once(void)
{
	int fd = connected();

	SAY(shutdown(fd, SHUT_WR));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	hear(fd);
	SAY(close(fd));
}

static void shutdown_after_send(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "last", 4, 0));
	SAY(shutdown(fd, SHUT_WR));
	fcntl(fd, F_SETFL, 0);
	hear(fd);
	SAY(close(fd));
}

static void shutdown_reading(void)
{
	int fd = connected();
	char c;

	SAY(shutdown(fd, SHUT_RD));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "write", 5, 0));
	SAY(shutdown(fd, SHUT_WR));
	SAY(close(fd));
}

static void shutdown_both(void)
{
	int fd = connected();
	char c;

	SAY(shutdown(fd, SHUT_RDWR));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(close(fd));
}

static void shutdown_wrong(void)
{
	int fd = connected();
	SAY(shutdown(fd, 77));
	go_on(fd);
}
static void close_unwritten(void)
{
	int fd = connected();
	SAY(close(fd));
	SAY(close(fd));
}
static void exit_unwritten(void)
{
	connected();
	_exit(3);
}
static void exit_after_send(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "exit", 4, 0));
	_exit(3);
}
/* The server's end: told once as input, once as hang-up. */
static void end_by_rdhup(void)
{
	int fd = connected();
	struct pollfd p = { fd, POLLRDHUP, 0 };
	char bytes[16];

	SAY(poll(&p, 1, 0));
	SAY(poll(&p, 1, 30));
	SAY(send(fd, "rdhup", 5, 0));
	SAY(shutdown(fd, SHUT_WR));
	SAY(poll(&p, 1, 2000));
	say("%x\n", p.revents);
	SAY(recv(fd, bytes, sizeof(bytes), MSG_WAITALL));
	p.events = POLLIN | POLLOUT | POLLRDHUP;
	SAY(poll(&p, 1, 0));
	say("%x\n", p.revents);
	SAY(close(fd));
}

static void shutdown_each_in_turn(void)
{
	int fd = connected();
	char c;

	SAY(shutdown(fd, SHUT_RD));
	SAY(shutdown(fd, SHUT_WR));
	SAY(shutdown(fd, SHUT_RDWR));
	SAY(recv(fd, &c, 1, 0));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(close(fd));
}

static void shutdown_nonblocking(void)
{
	int fd = connected_nonblocking();

	SAY(shutdown(fd, SHUT_WR));
	fcntl(fd, F_SETFL, 0);
	hear(fd);
	SAY(close(fd));
}

/* Nothing was written: the next connect() waits, and tells the truth. */
static void close_unwritten_and_again(void)
{
	int fd = connected();

	SAY(close(fd));
	SAY(fd = new_socket(&to, 0));
	SAY(dial(fd, &to));
	go_on(fd);
}

static void after_a_nap(void)
{
	int fd = connected();

	usleep(1000);
	SAY(send(fd, "nap", 3, 0));
	finish(fd);
}

/* --- its own Fast Open
 * ----------------------------------------------------------------- */

static void own_connect(void)
{
	int fd = new_socket(&to, 0), one = 1;
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	SAY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	SAY(dial(fd, &to));
	SAY(getpeername(fd, (struct sockaddr *)&a, &len));
	SAY(send(fd, "own", 3, 0));
	finish(fd);
	close(connected());
}

static void own_send(void)
{
	int fd = new_socket(&to, 0);

	SAY(sendto(fd, "own", 3, MSG_FASTOPEN, (struct sockaddr *)&to.at, to.len));
	finish(fd);
	close(connected());
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(shutdown_at_once),
		CASE(shutdown_after_send),
		CASE(shutdown_reading),
		CASE(shutdown_both),
		CASE(shutdown_wrong),
		CASE(close_unwritten),
		CASE(exit_unwritten),
		CASE(exit_after_send),
		CASE(after_a_nap),
		CASE(own_connect),
		CASE(own_send),
		CASE(end_by_rdhup),
		CASE(shutdown_each_in_turn),
		CASE(shutdown_nonblocking),
		CASE(close_unwritten_and_again),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
