/* SPDX-License-Identifier: MIT */
/*
 * reader blocking|poll|select|level|edge|write HOST PORT: connects and waits for what
 * the server says first; `write` writes at once, and then does.  Prints the
 * microseconds from before connect() until the greeting was read, and the greeting.
 */
#include "peer.h"

#include <sys/epoll.h>
#include <sys/select.h>

static int set = -1;

static void wait_poll(int fd, int writable)
{
	struct pollfd p = { fd, writable ? POLLOUT : POLLIN, 0 };

	if (poll(&p, 1, -1) != 1)
		fail("poll");
}

static void wait_select(int fd, int writable)
{
	fd_set which;

	FD_ZERO(&which);
	FD_SET(fd, &which);
	if (select(fd + 1, writable ? NULL : &which, writable ? &which : NULL, NULL,
		   NULL) != 1)
		fail("select");
}

/* Edges that came together are told once: what was told is kept. */
static void wait_epoll(int fd, int writable)
{
	uint32_t wanted = writable ? EPOLLOUT : EPOLLIN;
	static uint32_t told;
	struct epoll_event e;

	(void)fd;
	while (!(told & wanted)) {
		if (epoll_wait(set, &e, 1, -1) != 1)
			fail("epoll_wait");
		if (!(e.events & EPOLLHUP)) /* from before connect() */
			told |= e.events;
	}
}

static void wait_epoll_level(int fd, int writable)
{
	struct epoll_event e = { .events = writable ? EPOLLOUT : EPOLLIN };

	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &e))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	if (epoll_wait(set, &e, 1, -1) != 1)
		fail("epoll_wait");
}

int main(int argc, char **argv)
{
	struct place to = place_of(argv[2], argv[3]);
	int writes = !strcmp(argv[1], "write");
	int blocks = writes || !strcmp(argv[1], "blocking"),
	    edge = !strcmp(argv[1], "edge");
	void (*wait)(int fd, int writable) = edge ? wait_epoll
					     : !strcmp(argv[1], "level")
						     ? wait_epoll_level
					     : !strcmp(argv[1], "select") ? wait_select
									  : wait_poll;
	int fd = new_socket(&to, blocks ? 0 : SOCK_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	char greeting[64];
	ssize_t n;
	long from;

	(void)argc;
	set = epoll_create1(0);
	if (edge)
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	from = now_us();
	if (dial(fd, &to) && (blocks || errno != EINPROGRESS))
		fail("connect");
	if (!blocks) {
		wait(fd, 1);
		if ((errno = error_of(fd)))
			fail("connect");
		wait(fd, 0);
	}
	if (writes)
		send_all(fd, "ping", 4);
	n = recv(fd, greeting, sizeof(greeting), 0);
	if (n <= 0)
		fail("recv");
	printf("%ld %.*s\n", now_us() - from, (int)n, greeting);
	close(fd);
	return 0;
}
