/* SPDX-License-Identifier: MIT */
/*
 * request blocking|poll|edge HOST PORT [TEXT]: one connection, one request, one answer.
 * Prints the microseconds from before connect() until after recv(), and the answer.
 */
#include "peer.h"

#include <sys/epoll.h>

static void await_poll(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	if (poll(&p, 1, -1) != 1 || !(p.revents & events))
		fail("poll");
}

static void await_edge(int set, uint32_t events)
{
	struct epoll_event e;

	do
		if (epoll_wait(set, &e, 1, -1) != 1)
			fail("epoll_wait");
	while (!(e.events & events));
}

int main(int argc, char **argv)
{
	struct place to = place_of(argv[2], argv[3]);
	const char *text = argc > 4 ? argv[4] : "ping";
	int blocks = !strcmp(argv[1], "blocking"), edge = !strcmp(argv[1], "edge");
	int fd = new_socket(&to, blocks ? 0 : SOCK_NONBLOCK), set = -1;
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	char reply[4096];
	ssize_t n;
	long from;

	if (edge) {
		set = epoll_create1(0);
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
		epoll_wait(set, &e, 1, 0); /* the edge of an unconnected socket */
	}
	from = now_us();
	if (dial(fd, &to) && (blocks || errno != EINPROGRESS))
		fail("connect");
	if (!blocks) {
		edge ? await_edge(set, EPOLLOUT) : await_poll(fd, POLLOUT);
		if ((errno = error_of(fd)))
			fail("connect");
	}
	if (send(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		fail("send");
	if (!blocks)
		edge ? await_edge(set, EPOLLIN) : await_poll(fd, POLLIN);
	n = recv(fd, reply, sizeof(reply), 0);
	if (n <= 0)
		fail("recv");
	printf("%ld %.*s\n", now_us() - from, (int)n, reply);
	close(fd);
	return 0;
}
