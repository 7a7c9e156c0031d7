/* SPDX-License-Identifier: MIT */
/*
 * idle fresh|connected N: opens N sockets, leaves them idle, and prints its resident
 * private memory in KiB.  `fresh` were never used; `connected` have had a request and
 * its answer, and are watched by epoll: half of them called, half were accepted.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void exchange(int from, int to)
{
	char byte = 0;

	if (send(from, &byte, 1, 0) != 1 || recv(to, &byte, 1, 0) != 1)
		err(1, "exchange");
}

static void watch(int set, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		err(1, "epoll_ctl");
}

static void connected(int n)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) },
				  .sin_port = htons(7000) };
	const socklen_t len = sizeof(at);
	const int one = 1;
	int listener = socket(AF_INET, SOCK_STREAM, 0), set = epoll_create1(0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 128))
		err(1, "listen");
	for (int i = 0; i < n; i += 2) {
		int here = socket(AF_INET, SOCK_STREAM, 0), there;

		if (connect(here, (struct sockaddr *)&at, len))
			err(1, "connect");
		if (send(here, "", 1, 0) != 1)
			err(1, "send");
		there = accept(listener, NULL, NULL);
		if (there < 0)
			err(1, "accept");
		exchange(there, here);
		watch(set, here);
		watch(set, there);
	}
}

static void fresh(int n)
{
	for (int i = 0; i < n; i++)
		if (socket(AF_INET, SOCK_STREAM, 0) < 0)
			err(1, "socket");
}

static void print_private(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	long kib, sum = 0;
	char line[256];

	if (!f)
		err(1, "/proc/self/smaps_rollup");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &kib) == 1)
			sum += kib;
	fclose(f);
	printf("%ld\n", sum);
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc != 3)
		errx(2, "usage: idle fresh|connected N");
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	(strcmp(argv[1], "fresh") ? connected : fresh)(atoi(argv[2]));
	print_private();
	return 0;
}
