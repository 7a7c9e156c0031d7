/* SPDX-License-Identifier: MIT */
/*
 * A pool of four connections that live as long as the program and may do nothing for
 * days: by design, and declared as such. Only who has more of them than declared is
 * told about.
 *
 * leaky: 6 socket CLOSE_WAIT by pool_open from pool_start
 * declared: pool_open 4
 */
#include "leak.h"

static struct sockaddr_in at;

FRAME static void pool_open(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, &at);
}

FRAME static void pool_start(void)
{
	for (int i = 0; i < (leaky ? 6 : 4); i++)
		pool_open();
}

int main(int argc, char **argv)
{
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	pool_start();
	for (int i = 0; i < (leaky ? 6 : 4); i++)
		close(accept(listener, NULL, NULL));
	close(listener);
	ready();
	return 0;
}
