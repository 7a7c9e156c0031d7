/* SPDX-License-Identifier: MIT */
/*
 * retry greet|again: with a server on this host that speaks first.
 *
 *	greet      four connections to it, which read first
 *	again      one socket that tries until the server is up, as scripts do
 */
#include "peer.h"

#include <signal.h>
#include <sys/wait.h>

#define PORT "4000"

static struct place to;

static pid_t serve(void)
{
	pid_t server = fork();
	int listener, one = 1;
	char c;

	if (server) {
		usleep(150000);
		return server;
	}
	listener = new_socket(&to, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&to.at, to.len) || listen(listener, 9))
		fail("listen");
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		send_all(fd, "220 hi\r\n", 8);
		(void)!read(fd, &c, 1);
		close(fd);
	}
}

static void try(int fd)
{
	int r = dial(fd, &to);

	printf("connect %d %s\n", r, r ? strerror(errno) : "");
}

static void hear(int fd)
{
	char bytes[64];

	printf("read %ld\n", (long)read(fd, bytes, sizeof(bytes)));
	close(fd);
}

int main(int argc, char **argv)
{
	int greet = argc > 1 && !strcmp(argv[1], "greet"), fd;
	pid_t server;

	to = place_of("127.0.0.1", PORT);
	fd = new_socket(&to, 0);
	for (int i = 0; !greet && i < 3; i++)
		try(fd);
	server = serve();
	for (int i = 0; greet && i < 4; i++) {
		int each = new_socket(&to, 0);

		try(each);
		hear(each);
	}
	if (!greet) {
		try(fd);
		hear(fd);
	}
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
