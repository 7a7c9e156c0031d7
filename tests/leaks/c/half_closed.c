/* SPDX-License-Identifier: MIT */
/*
 * shutdown() taken for close(): the conversation ends, the descriptor does not. A child
 * holds the listener, which is not its own.
 *
 * leaky: 3 socket FIN_WAIT2 by ask from main
 * child: nothing
 */
#include "leak.h"

static struct sockaddr_in at;

FRAME static void ask(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, &at);
	say(fd, "hello");
	shutdown(fd, SHUT_WR);
	if (!leaky)
		close(fd);
}

FRAME static void hold_the_listener(void)
{
}

int main(int argc, char **argv)
{
	int listener;
	pid_t child;

	begin(argc, argv);
	listener = listen_here(&at);
	child = apart(hold_the_listener);
	close(listener);
	for (int i = 0; i < 3; i++)
		ask();
	usleep(100000); /* a FIN may be acknowledged late */
	ready();
	reap(child);
	return 0;
}
