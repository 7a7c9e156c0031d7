/* SPDX-License-Identifier: MIT */
/*
 * A pool that hands out the connections it has, and a caller who brings them back only
 * when all went well: the pool fills the gap, once per failure.
 *
 * leaky: 6 socket CLOSE by pool_fill from request
 */
#include "leak.h"

static struct sockaddr_in at;
static int idle[4], idles;

FRAME static int pool_fill(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, &at);
	return fd;
}

FRAME static int pool_take(void)
{
	return idles > 0 ? idle[--idles] : pool_fill();
}

FRAME static void pool_bring(int fd)
{
	idle[idles++] = fd;
}

FRAME static void request(int n)
{
	int fd = pool_take();

	say(fd, "request");
	if (leaky && n % 5 == 4)
		return; /* "the answer makes no sense" */
	pool_bring(fd);
}

int main(int argc, char **argv)
{
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int n = 0; n < 30; n++)
		request(n);
	while (idles > 0)
		close(idle[--idles]);
	close(listener);
	ready();
	return 0;
}
