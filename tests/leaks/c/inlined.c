/* SPDX-License-Identifier: MIT */
/*
 * The function that leaks has no frame of its own: the optimizer has put it into its
 * caller. Its line is still known, and where there is no debug data, the caller is who
 * did it.
 *
 * leaky: 2 socket CLOSE by open_socket from with_open_socket
 * inlined: open_socket
 */
#include "leak.h"

static inline __attribute__((always_inline)) int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static void with_open_socket(void)
{
	int fd = open_socket();

	if (!leaky)
		close(fd);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	with_open_socket();
	with_open_socket();
	ready();
	return 0;
}
