/* SPDX-License-Identifier: MIT */
/*
 * Closed by two, who both believe that it is theirs.
 *
 * finding: 2 double_close close by close_again after close_first born open_it
 */
#include "leak.h"

FRAME static int open_it(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static void close_first(int fd)
{
	if (close(fd)) /* CLOSED */
		err(1, "close");
}

FRAME static void close_again(int fd)
{
	if (leaky && (close(fd) == 0 || errno != EBADF)) /* AGAIN */
		errx(1, "it was still open");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	for (int i = 0; i < 2; i++) {
		int fd = open_it();

		close_first(fd);
		close_again(fd);
	}
	ready();
	return 0;
}
