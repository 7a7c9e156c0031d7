/* SPDX-License-Identifier: MIT */
/* peer: what the programs of the flows share.  Ordinary programs, who know of nothing.
 */
#ifndef PEER_H
#define PEER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

struct place {
	struct sockaddr_storage at;
	socklen_t len;
};

static UNUSED void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static UNUSED long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static UNUSED struct place place_of(const char *host, const char *port)
{
	struct place p = { .len = 0 };
	struct sockaddr_in *four = (struct sockaddr_in *)&p.at;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&p.at;

	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)atoi(port));
		p.len = sizeof(*four);
	} else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)atoi(port));
		p.len = sizeof(*six);
	} else {
		fprintf(stderr, "%s: not an address\n", host);
		exit(2);
	}
	return p;
}

static UNUSED int new_socket(const struct place *p, int flags)
{
	int fd = socket(p->at.ss_family, SOCK_STREAM | flags, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

static UNUSED int dial(int fd, const struct place *p)
{
	return connect(fd, (const struct sockaddr *)&p->at, p->len);
}

static UNUSED int error_of(int fd)
{
	int e = -1;
	socklen_t len = sizeof(e);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) ? -1 : e;
}

static UNUSED void send_all(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n) {
		ssize_t k = send(fd, at, n, 0);

		if (k < 0 && errno != EINTR)
			fail("send");
		if (k > 0)
			at += k, n -= (size_t)k;
	}
}

/* An ordinary request: connect, write, read the answer, close. */
static UNUSED void ask(const struct place *p, const char *text)
{
	char reply[64];
	int fd = new_socket(p, 0);

	if (dial(fd, p))
		fail("connect");
	send_all(fd, text, strlen(text));
	if (recv(fd, reply, sizeof(reply), 0) <= 0)
		fail("recv");
	close(fd);
}

#endif
