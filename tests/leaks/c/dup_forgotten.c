/* SPDX-License-Identifier: MIT */
/*
 * Two ends of a program keep a connection each, by a number of its own; one of them is
 * never given back, though the connection's first number is closed.
 *
 * leaky: 1 dup CLOSE by for_the_log from converse
 * leaky: 1 dup CLOSE by for_the_reader from converse
 */
#include <fcntl.h>
#include "leak.h"

FRAME static int for_the_log(int fd)
{
	int copy = dup(fd); /* LEAK for_the_log */

	if (copy < 0)
		err(1, "dup");
	return copy;
}

FRAME static int for_the_reader(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 40); /* LEAK for_the_reader */

	if (copy < 40)
		err(1, "fcntl");
	return copy;
}

FRAME static void converse(int fd)
{
	int log = for_the_log(fd), reader = for_the_reader(fd);

	say(log, "hello");
	close(fd);
	if (!leaky) {
		close(log);
		close(reader);
	}
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), listener, far;
	struct sockaddr_in at;

	begin(argc, argv);
	listener = listen_here(&at);
	connect_to(fd, &at);
	far = accept(listener, NULL, NULL);
	converse(fd);
	close(far);
	close(listener);
	ready();
	return 0;
}
