/* SPDX-License-Identifier: MIT */
/*
 * A daemon that had one socket, or two far apart, closes every number: no double close.
 *
 * clean: nothing
 */
#include "leak.h"

FRAME static void close_one(int at)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || dup2(fd, at) != at)
		err(1, "socket");
	if (fd != at)
		close(fd);
	close(at);
}

FRAME static void as_daemons_do(int from, int to)
{
	for (int fd = from; fd != to; fd += from < to ? 1 : -1)
		close(fd);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	close_one(5);
	as_daemons_do(3, 1024);
	close_one(900);
	close_one(905);
	as_daemons_do(1023, 2);
	ready();
	return 0;
}
