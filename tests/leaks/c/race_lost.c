/* SPDX-License-Identifier: MIT */
/*
 * Two connections race, the first to come about is used; the loser is forgotten.
 *
 * leaky: 3 socket CLOSE_WAIT by run_second from happy_eyeballs
 */
#include <poll.h>
#include "leak.h"

FRAME static int run_first(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	connect(fd, (const struct sockaddr *)to, sizeof(*to));
	return fd;
}

FRAME static int run_second(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); /* LEAK */

	connect(fd, (const struct sockaddr *)to, sizeof(*to));
	return fd;
}

FRAME static int happy_eyeballs(const struct sockaddr_in *to)
{
	int first = run_first(to), second = run_second(to);
	struct pollfd both[] = { { .fd = first, .events = POLLOUT },
				 { .fd = second, .events = POLLOUT } };

	poll(both, 2, 2000);
	if (!leaky)
		close(second);
	return first;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 3; i++) {
		int fd = happy_eyeballs(&at);

		say(fd, "hello");
		close(fd);
		close(accept(listener, NULL, NULL));
		close(accept(listener, NULL, NULL));
	}
	close(listener);
	ready();
	return 0;
}
