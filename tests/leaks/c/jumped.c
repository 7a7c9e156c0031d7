/* SPDX-License-Identifier: MIT */
/*
 * longjmp() out of a request, past the close().
 *
 * leaky: 3 socket CLOSE by open_source from parse
 */
#include <setjmp.h>
#include "leak.h"

static jmp_buf bad_request;
static volatile int open_now = -1;

FRAME static int open_source(const struct sockaddr_in *from)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, from);
	return fd;
}

FRAME static void parse(const struct sockaddr_in *from, int n)
{
	open_now = open_source(from);
	if (n % 2)
		longjmp(bad_request, 1);
	close(open_now);
	open_now = -1;
}

FRAME static void handle(const struct sockaddr_in *from, int n)
{
	if (setjmp(bad_request) == 0)
		parse(from, n);
	else if (!leaky)
		close(open_now);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int n = 0; n < 6; n++)
		handle(&at, n);
	close(listener);
	ready();
	return 0;
}
