/* SPDX-License-Identifier: MIT */
/*
 * A number closed twice, and in between it was given to somebody else, who is robbed:
 * the second close() succeeds, it is the owner whose close() fails. The earlier close
 * is the culprit.
 *
 * finding: 1 double_close close by owner_closes after close_again born owner_opens
 */
#include "leak.h"

FRAME static int owner_opens(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static void close_again(int fd)
{
	if (leaky && close(fd)) /* CLOSED */
		err(1, "close");
}

FRAME static void owner_closes(int fd)
{
	if (close(fd) == 0) /* AGAIN */
		return;
	if (!leaky || errno != EBADF)
		err(1, "close");
}

int main(int argc, char **argv)
{
	int first, owners;

	begin(argc, argv);
	first = socket(AF_INET, SOCK_STREAM, 0);
	close(first);
	owners = owner_opens();
	if (owners != first)
		errx(1, "%d is not the number %d", owners, first);
	close_again(first);
	owner_closes(owners);
	ready();
	return 0;
}
