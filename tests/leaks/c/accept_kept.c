/* SPDX-License-Identifier: MIT */
/*
 * A server that closes after each answer, but not where it has none to give.
 *
 * leaky: 2 accept CLOSE_WAIT by take_one from serve
 */
#include "leak.h"

FRAME static int take_one(int listener)
{
	int fd = accept(listener, NULL, NULL); /* LEAK */

	if (fd < 0)
		err(1, "accept");
	return fd;
}

FRAME static void serve(int listener)
{
	int fd = take_one(listener);
	char request[16] = "";

	if (recv(fd, request, sizeof(request) - 1, 0) < 0)
		err(1, "recv");
	if (strcmp(request, "good") == 0) {
		say(fd, "answer");
		close(fd);
	} else if (!leaky) {
		close(fd);
	}
}

int main(int argc, char **argv)
{
	static const char *const requests[] = { "good", "bad", "good", "bad" };
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 4; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		connect_to(client, &at);
		say(client, requests[i]);
		serve(listener);
		close(client);
	}
	close(listener);
	ready();
	return 0;
}
