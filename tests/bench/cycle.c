/* SPDX-License-Identifier: MIT */
/*
 * cycle write|read N: N times socket, connect, send, recv, close over loopback, between
 * two processes on one processor.  `write`: the client writes first; `read`: it reads
 * first. Prints the microseconds of processor time, of both, that one cycle took.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM 100

static double used_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void say(int fd)
{
	if (send(fd, "0123456789abcdef", 16, MSG_NOSIGNAL) != 16)
		err(1, "send");
}

static void hear(int fd)
{
	char buf[64];

	if (recv(fd, buf, sizeof(buf), 0) <= 0)
		err(1, "recv");
}

static void exchange(int fd, bool speaks_first)
{
	if (speaks_first)
		say(fd);
	hear(fd);
	if (!speaks_first)
		say(fd);
}

static double serve(int listener, bool client_writes, int n)
{
	double start = 0;
	char end;

	for (int i = -WARM; i < n; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "accept");
		if (i == 0)
			start = used_us();
		exchange(fd, !client_writes);
		recv(fd, &end, 1, 0);
		close(fd);
	}
	return used_us() - start;
}

static double ask(const struct sockaddr_in *to, bool client_writes, int n)
{
	double start = 0;

	for (int i = -WARM; i < n; i++) {
		int fd;

		if (i == 0)
			start = used_us();
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
			err(1, "connect");
		exchange(fd, client_writes);
		close(fd);
	}
	return used_us() - start;
}

static void one_processor(void)
{
	cpu_set_t may, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(may), &may))
		err(1, "sched_getaffinity");
	for (int i = CPU_SETSIZE; i-- > 0 && CPU_COUNT(&one) == 0;)
		if (CPU_ISSET(i, &may))
			CPU_SET(i, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "sched_setaffinity");
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) },
				  .sin_port = htons(7000) };
	double *server_us = mmap(NULL, sizeof(*server_us), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const int one = 1;
	bool client_writes;
	int listener, n, status;
	double us;

	if (argc != 3 || (n = atoi(argv[2])) <= 0)
		errx(2, "usage: cycle write|read N");
	client_writes = strcmp(argv[1], "write") == 0;
	one_processor();
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 128))
		err(1, "listen");
	if (fork() == 0) {
		*server_us = serve(listener, client_writes, n);
		return 0;
	}
	us = ask(&at, client_writes, n);
	if (wait(&status) < 0 || status)
		errx(1, "the server failed");
	printf("%.3f\n", (us + *server_us) / n);
	return 0;
}
