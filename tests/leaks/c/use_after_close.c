/* SPDX-License-Identifier: MIT */
/*
 * Sent and received on a number that was a socket once.
 *
 * finding: 1 use_after_close send by send_late after close_first born open_it
 * finding: 1 use_after_close recv by receive_late after close_first born open_it
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

FRAME static void send_late(int fd)
{
	if (send(fd, "x", 1, 0) >= 0 || errno != EBADF) /* AGAIN send_late */
		errx(1, "it was still open");
}

FRAME static void receive_late(int fd)
{
	char c;

	if (recv(fd, &c, 1, 0) >= 0 || errno != EBADF) /* AGAIN receive_late */
		errx(1, "it was still open");
}

int main(int argc, char **argv)
{
	int fd;

	begin(argc, argv);
	fd = open_it();
	close_first(fd);
	if (leaky) {
		send_late(fd);
		receive_late(fd);
	}
	ready();
	return 0;
}
