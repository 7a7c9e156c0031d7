/* SPDX-License-Identifier: MIT */
/* edge_close: closing many at once, lingering by the program's own wish, daemons, and
 * the names of both ends.  See edge.h. */
#include "edge.h"

#include <sys/resource.h>

/* --- all at once
 * ----------------------------------------------------------------------- */

static int three[3];

/* One that lingers, one whose first packet is under way, one that is held back. */
static void open_three(void)
{
	int gone = connected_nonblocking();

	SAY(send(gone, "lingers", 7, 0));
	SAY(close(gone));
	three[1] = connected_nonblocking();
	SAY(send(three[1], "opening", 7, 0));
	three[2] = connected();
	three[0] = gone;
}

static void all_closed(void)
{
	SAY(fcntl(three[1], F_GETFD));
	SAY(fcntl(three[2], F_GETFD));
	SAY(send(three[1], "x", 1, 0));
	SAY(close(three[2]));
	SAY(dup(0));
}

static void all_close_range(void)
{
	open_three();
	SAY(close_range(3, ~0U, 0));
	all_closed();
}

static void all_closefrom(void)
{
	open_three();
	closefrom(3);
	all_closed();
}

static void all_close_range_unshare(void)
{
	open_three();
	SAY(close_range(3, ~0U, 2));
	all_closed();
}

static void all_close_range_then_exit(void)
{
	open_three();
	SAY(close_range(3, ~0U, 0));
	_exit(4);
}

/* As daemons did before there was a call for it. */
static void all_by_loop(void)
{
	struct rlimit most;
	int closed = 0;

	open_three();
	getrlimit(RLIMIT_NOFILE, &most);
	for (int fd = 3; fd < (int)most.rlim_cur && fd < 70000; fd++)
		closed += !close(fd);
	SAY(closed);
	all_closed();
}

static void all_close_on_exec(void)
{
	open_three();
	SAY(close_range(3, ~0U, 4));
	SAY(send(three[2], "third", 5, 0));
	execl("/bin/echo", "echo", "executed", NULL);
	fail("execl");
}

static void all_by_fork(void)
{
	pid_t child;

	open_three();
	child = fork();
	if (child == 0) {
		SAY(close_range(3, ~0U, 0));
		all_closed();
		_exit(0);
	}
	wait_child(child);
	SAY(send(three[2], "third", 5, 0));
	fcntl(three[1], F_SETFL, 0);
	finish(three[1]);
	finish(three[2]);
}

/* The range begins above it. */
static void range_above(void)
{
	int fd = connected();

	SAY(close_range((unsigned int)fd + 1, ~0U, 0));
	go_on(fd);
}

/* --- daemons
 * --------------------------------------------------------------------------- */

static void daemon_held(void)
{
	int fd = connected();

	SAY(daemon(1, 1));
	go_on(fd);
}

static void daemon_opening(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "opening", 7, 0));
	SAY(daemon(1, 1));
	fcntl(fd, F_SETFL, 0);
	go_on(fd);
}

static void daemon_closed(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "lingers", 7, 0));
	SAY(close(fd));
	SAY(daemon(1, 1));
	SAY(close(fd));
}

/* It closes its standard streams too: only the server hears of it. */
static void daemon_silent(void)
{
	int fd = connected();

	if (daemon(0, 0))
		fail("daemon");
	go_on(fd);
}

/* --- its own wish to linger
 * ------------------------------------------------------------ */

static int lingering(int seconds, int flags)
{
	const struct linger how = { 1, seconds };
	int fd = connected_to(flags);

	SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof(how)));
	return fd;
}

static void linger_five(void)
{
	int fd = lingering(5, 0);

	SAY(send(fd, "five", 4, 0));
	SAY(close(fd));
}

static void linger_five_nonblocking(void)
{
	int fd = lingering(5, SOCK_NONBLOCK);

	SAY(writable(fd));
	SAY(send(fd, "five", 4, 0));
	SAY(close(fd));
	SAY(close(fd));
}

static void linger_five_unwritten(void)
{
	int fd = lingering(5, 0);
	SAY(close(fd));
}

static void linger_none_unwritten(void)
{
	int fd = lingering(0, 0);
	SAY(close(fd));
}

/* The answer has been read: what is thrown away is known. */
static void linger_none(void)
{
	int fd = lingering(0, 0);
	char c[4];

	SAY(send(fd, "none", 4, 0));
	SAY(recv(fd, c, 4, MSG_WAITALL));
	SAY(close(fd));
}

static void linger_none_exit(void)
{
	int fd = lingering(0, 0);
	char c[4];

	SAY(send(fd, "none", 4, 0));
	SAY(recv(fd, c, 4, MSG_WAITALL));
	_exit(5);
}

/* --- names
 * ----------------------------------------------------------------------------- */

static int port_of(int fd)
{
	struct sockaddr_in6 a = { 0 };
	socklen_t len = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &len) ? -1 : ntohs(a.sin6_port);
}

static void names(int fd)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in *four = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a;
	socklen_t len = sizeof(a);

	SAY(getsockname(fd, (struct sockaddr *)&a, &len));
	inet_ntop(a.ss_family,
		  a.ss_family == AF_INET ? (void *)&four->sin_addr
					 : (void *)&six->sin6_addr,
		  text, sizeof(text));
	say("family %d length %d address %s\n", a.ss_family, (int)len, text);
	len = sizeof(a);
	SAY(getpeername(fd, (struct sockaddr *)&a, &len));
}

static void names_before_and_after(void)
{
	int fd = new_socket(&to, 0), port;

	names(fd);
	SAY(port_of(fd));
	dial_held(fd);
	names(fd);
	port = port_of(fd);
	SAY(port > 0);
	SAY(send(fd, "names", 5, 0));
	names(fd);
	SAY(port_of(fd) == port);
	SAY(shutdown(fd, SHUT_WR));
	names(fd);
	SAY(port_of(fd) == port);
	hear(fd);
	names(fd);
	SAY(close(fd));
}

static void names_bound(void)
{
	struct sockaddr_storage any = { .ss_family = to.at.ss_family };
	int fd = new_socket(&to, 0), port;

	SAY(bind(fd, (struct sockaddr *)&any, to.len));
	names(fd);
	port = port_of(fd);
	SAY(port > 0);
	dial_held(fd);
	names(fd);
	SAY(port_of(fd) == port);
	SAY(bind(fd, (struct sockaddr *)&any, to.len));
	go_on(fd);
}

static void names_nonblocking(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);

	dial_held(fd);
	names(fd);
	SAY(writable(fd));
	names(fd);
	SAY(send(fd, "names", 5, 0));
	names(fd);
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(all_close_range),
		CASE(all_closefrom),
		CASE(all_close_range_unshare),
		CASE(all_close_range_then_exit),
		CASE(all_by_loop),
		CASE(all_close_on_exec),
		CASE(all_by_fork),
		CASE(range_above),
		CASE(daemon_held),
		CASE(daemon_opening),
		CASE(daemon_closed),
		CASE(daemon_silent),
		CASE(linger_five),
		CASE(linger_five_nonblocking),
		CASE(linger_five_unwritten),
		CASE(linger_none_unwritten),
		CASE(linger_none),
		CASE(linger_none_exit),
		CASE(names_before_and_after),
		CASE(names_bound),
		CASE(names_nonblocking),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
