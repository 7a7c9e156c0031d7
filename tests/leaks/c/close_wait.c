/* SPDX-License-Identifier: MIT */
/*
 * The other side has closed. recv() said 0, twenty times, and nobody drew the
 * conclusion.
 *
 * leaky: 20 socket CLOSE_WAIT by open_feed from follow
 */
#include "leak.h"

FRAME static int open_feed(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, to);
	return fd;
}

FRAME static void follow(const struct sockaddr_in *to, int listener)
{
	int fd = open_feed(to), far = accept(listener, NULL, NULL);
	char news[16];

	say(far, "news");
	close(far);
	while (recv(fd, news, sizeof(news), 0) > 0)
		;
	if (!leaky)
		close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 20; i++)
		follow(&at, listener);
	close(listener);
	ready();
	return 0;
}
