/* SPDX-License-Identifier: MIT */
/*
 * A resolver of its own: a UDP socket per question, and no answer in time.
 *
 * leaky: 4 socket - by ask_name_server from look_up
 */
#include <poll.h>
#include "leak.h"

FRAME static int ask_name_server(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0); /* LEAK */

	connect_to(fd, to);
	say(fd, "who?");
	return fd;
}

FRAME static bool look_up(const struct sockaddr_in *to)
{
	struct pollfd answer = { .fd = ask_name_server(to), .events = POLLIN };
	int found = poll(&answer, 1, 10);

	if (found == 0 && leaky)
		return false;
	close(answer.fd);
	return found > 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int server;

	begin(argc, argv);
	server = socket(AF_INET, SOCK_DGRAM, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&at, sizeof(at)))
		err(1, "bind");
	address_of(server, &at);
	for (int i = 0; i < 4; i++)
		look_up(&at);
	close(server);
	ready();
	return 0;
}
