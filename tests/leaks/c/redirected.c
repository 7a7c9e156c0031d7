/* SPDX-License-Identifier: MIT */
/*
 * As inetd does it: the connection is put on a number that is agreed upon, and its own
 * is closed. The agreed one stays.
 *
 * leaky: 1 dup ESTABLISHED by put_at from hand_over
 * leaky: 1 dup ESTABLISHED by put_at_too from hand_over
 */
#include "leak.h"

FRAME static void put_at(int fd, int agreed)
{
	if (dup2(fd, agreed) != agreed) /* LEAK put_at */
		err(1, "dup2");
}

FRAME static void put_at_too(int fd, int agreed)
{
	if (dup3(fd, agreed, 0) != agreed) /* LEAK put_at_too */
		err(1, "dup3");
}

FRAME static void hand_over(int near, int far)
{
	put_at(near, 30);
	put_at_too(far, 31);
	close(near);
	close(far);
	if (!leaky) {
		close(30);
		close(31);
	}
}

int main(int argc, char **argv)
{
	int near = socket(AF_INET, SOCK_STREAM, 0), listener, far;
	struct sockaddr_in at;

	begin(argc, argv);
	listener = listen_here(&at);
	connect_to(near, &at);
	far = accept(listener, NULL, NULL);
	close(listener);
	hand_over(near, far);
	ready();
	return 0;
}
