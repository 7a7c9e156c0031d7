/* SPDX-License-Identifier: MIT */
/*
 * A server that reads its configuration again and opens its listeners anew; the old
 * ones stay, and nobody will ever accept from them.
 *
 * leaky: 2 socket LISTEN by open_listener from reload
 */
#include "leak.h"

static int listener = -1;

FRAME static int open_listener(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0 || listen(fd, 16)) /* the kernel chooses a port */
		err(1, "listen");
	return fd;
}

FRAME static void reload(void)
{
	if (listener >= 0 && !leaky)
		close(listener);
	listener = open_listener();
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	for (int i = 0; i < 3; i++)
		reload();
	close(listener);
	ready();
	return 0;
}
