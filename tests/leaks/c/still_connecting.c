/* SPDX-License-Identifier: MIT */
/*
 * A connection that does not come about in time is given up, by forgetting it.
 *
 * leaky: 2 socket SYN_SENT by start_connect from with_timeout
 * child: nothing
 */
#include <poll.h>
#include "leak.h"

static struct sockaddr_in at;

FRAME static int start_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); /* LEAK */

	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) && errno != EINPROGRESS)
		err(1, "connect");
	return fd;
}

FRAME static int with_timeout(void)
{
	int fd = start_connect();
	struct pollfd there = { .fd = fd, .events = POLLOUT };

	if (poll(&there, 1, 20) == 1)
		return fd;
	if (!leaky)
		close(fd);
	return -1;
}

FRAME static void hold_the_listener(void)
{
}

int main(int argc, char **argv)
{
	int listener, waiting[8], n = 0;
	pid_t child;

	begin(argc, argv);
	listener = listen_here(&at);
	listen(listener,
	       0); /* room for one that nobody accepts; then SYNs are dropped */
	child = apart(hold_the_listener);
	close(listener);
	while (n < 8 && (waiting[n] = with_timeout()) >= 0)
		n++;
	if (leaky)
		with_timeout();
	while (n-- > 0)
		close(waiting[n]);
	ready();
	reap(child);
	return 0;
}
