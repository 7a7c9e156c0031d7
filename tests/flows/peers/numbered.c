/* SPDX-License-Identifier: MIT */
/*
 * numbered blocking|poll|edge FIRST COUNT PAUSE_MS HOST PORT: requests by number, each
 * on a connection of its own, that are read to their end; so many milliseconds between
 * them.  Prints the body of each answer and the seconds from before connect() until its
 * first byte; on stderr which call failed, and goes on with the next.  COUNT 0: until
 * its standard input ends; PAUSE_MS -1: a byte of that is waited for before each.
 */
#include "peer.h"

#include <sys/epoll.h>

static struct place to;
static int blocks, edge, set = -1;

static int wait_for(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };
	struct epoll_event e;

	if (blocks)
		return 0;
	if (!edge)
		return poll(&p, 1, -1) == 1 ? 0 : -1;
	do
		if (epoll_wait(set, &e, 1, -1) != 1)
			return -1;
	while (!(e.events & (uint32_t)(events | EPOLLERR)));
	return 0;
}

static int watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	set = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		return -1;
	return epoll_wait(set, &e, 1, 0); /* the edge of an unconnected socket */
}

/* NULL, or the call that failed. */
static const char *open_one(int fd)
{
	if (edge && watch(fd) < 0)
		return "epoll";
	if (!dial(fd, &to))
		return NULL;
	if (blocks || errno != EINPROGRESS)
		return "connect";
	if (wait_for(fd, POLLOUT))
		return "wait";
	errno = error_of(fd);
	return errno ? "connect" : NULL;
}

static const char *read_all(int fd, char *answer, size_t room, long *ret_first)
{
	size_t n = 0;
	ssize_t k;

	while (n < room - 1) {
		k = recv(fd, answer + n, room - 1 - n, 0);
		if (k == 0)
			break;
		if (k < 0 && errno != EAGAIN)
			return "recv";
		if (k < 0 && wait_for(fd, POLLIN))
			return "wait";
		if (k > 0 && !n)
			*ret_first = now_us();
		if (k > 0)
			n += (size_t)k;
	}
	answer[n] = '\0';
	return NULL;
}

static const char *request(int fd, long number, char *answer, size_t room, long *ret_us)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "GET /%ld HTTP/1.0\r\n\r\n", number);
	long from = now_us(), first = from;
	const char *failed = open_one(fd);

	if (!failed && send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		failed = "send";
	if (!failed)
		failed = read_all(fd, answer, room, &first);
	*ret_us = first - from;
	return failed;
}

static int one(long number)
{
	int fd = new_socket(&to, blocks ? 0 : SOCK_NONBLOCK);
	char answer[512];
	long us;
	const char *failed = request(fd, number, answer, sizeof(answer), &us), *body;

	if (failed) {
		fprintf(stderr, "%s: %s\n", failed, strerror(errno));
	} else {
		body = strstr(answer, "\r\n\r\n");
		printf("%s %.6f\n", body ? body + 4 : "-", (double)us / 1e6);
		fflush(stdout);
	}
	if (set >= 0)
		close(set);
	set = -1;
	close(fd);
	return failed ? 2 : 0;
}

static int go_on(int pause_ms)
{
	struct pollfd in = { 0, POLLIN, 0 };
	char c;

	if (pause_ms < 0)
		return read(0, &c, 1) == 1;
	return poll(&in, 1, pause_ms) == 0;
}

int main(int argc, char **argv)
{
	long first = argc == 7 ? atol(argv[2]) : 0;
	long count = argc == 7 ? atol(argv[3]) : 0;
	int status = 0;

	if (argc != 7)
		return 3;
	blocks = !strcmp(argv[1], "blocking");
	edge = !strcmp(argv[1], "edge");
	to = place_of(argv[5], argv[6]);
	for (long i = 0; count ? i < count : go_on(atoi(argv[4])); i++) {
		if (i && count)
			usleep((useconds_t)atol(argv[4]) * 1000);
		status |= one(first + i);
	}
	return status;
}
