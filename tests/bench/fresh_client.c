/* SPDX-License-Identifier: MIT */
/*
 * fresh_client plain|fastopen request|greeting ADDRESS PORT: makes one connection and
 * prints the microseconds from socket() to the first byte of the answer.  `plain` is a
 * program that never heard of Fast Open; `fastopen` is one written for it (RFC 7413
 * section 4.1, tcp(7)).
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET / HTTP/1.0\r\nHost: bench\r\n\r\n";

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int open_fastopen(const struct sockaddr_in *to, bool writes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    sendto(fd, request, writes ? sizeof(request) - 1 : 0, MSG_FASTOPEN,
		   (const struct sockaddr *)to, sizeof(*to)) < 0)
		err(1, "Fast Open");
	return fd;
}

static int open_plain(const struct sockaddr_in *to, bool writes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		err(1, "connect");
	if (writes && send(fd, request, sizeof(request) - 1, 0) < 0)
		err(1, "send");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	bool by_hand, writes;
	char answer[512];
	double start;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		errx(2, "usage: fresh_client plain|fastopen request|greeting ADDRESS "
			"PORT");
	to.sin_port = htons((uint16_t)atoi(argv[4]));
	by_hand = strcmp(argv[1], "fastopen") == 0;
	writes = strcmp(argv[2], "request") == 0;

	start = now_us();
	fd = by_hand ? open_fastopen(&to, writes) : open_plain(&to, writes);
	if (recv(fd, answer, sizeof(answer), 0) <= 0)
		err(1, "no answer");
	printf("%.1f\n", now_us() - start);
	close(fd);
	return 0;
}
