/* SPDX-License-Identifier: MIT */
/*
 * An event loop that takes a connection out of its epoll set when the other side hangs
 * up, and believes that this closes it.
 *
 * leaky: 5 accept CLOSE_WAIT by welcome from turn
 */
#include <sys/epoll.h>
#include "leak.h"

FRAME static void welcome(int loop, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); /* LEAK */
	struct epoll_event wanted = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

	if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &wanted))
		err(1, "accept4");
}

FRAME static void turn(int loop, int listener)
{
	struct epoll_event event;

	if (epoll_wait(loop, &event, 1, 5000) != 1)
		errx(1, "nothing happens");
	if (event.data.fd == listener) {
		welcome(loop, listener);
	} else if (event.events & (EPOLLRDHUP | EPOLLHUP)) {
		epoll_ctl(loop, EPOLL_CTL_DEL, event.data.fd, NULL);
		if (!leaky)
			close(event.data.fd);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	struct sockaddr_in at;
	int loop = epoll_create1(0), listener;

	begin(argc, argv);
	listener = wanted.data.fd = listen_here(&at);
	epoll_ctl(loop, EPOLL_CTL_ADD, listener, &wanted);
	for (int i = 0; i < 5; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		connect_to(client, &at);
		turn(loop, listener);
		close(client);
		turn(loop, listener);
	}
	close(listener);
	close(loop);
	ready();
	return 0;
}
