/* SPDX-License-Identifier: MIT */
/*
 * loop WAY HOST PORT: an event loop's connection, step by step as the manuals tell:
 * connect() without blocking, wait until writable, SO_ERROR, getpeername(), connect()
 * twice again, write, wait until readable, read.  Prints what each step said.  First
 * two ordinary requests. loop many HOST PORT: thirty such connections at once; prints
 * how many were answered. loop list: all ways.
 */
#include "peer.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>

static const struct timespec two_seconds = { 2, 0 };
static int set = -1;

static int by_poll(int fd, int writable)
{
	struct pollfd p = { fd, writable ? POLLOUT : POLLIN, 0 };

	return poll(&p, 1, -1) == 1 && p.revents == p.events;
}

static int by_poll_timed(int fd, int writable)
{
	struct pollfd p = { fd, writable ? POLLOUT : POLLIN, 0 };

	return poll(&p, 1, 2000) == 1 && p.revents == p.events;
}

static void work(long us)
{
	long until = now_us() + us;

	while (now_us() < until)
		;
}

/* Told late, after work of its own. */
static int by_poll_late(int fd, int writable)
{
	work(8000);
	return by_poll(fd, writable);
}

/* Told, and then it sleeps before it acts. */
static int by_poll_then_sleep(int fd, int writable)
{
	int told = by_poll(fd, writable);

	usleep(1000);
	return told;
}

static int by_poll_all(int fd, int writable)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };

	do
		if (poll(&p, 1, -1) != 1 || p.revents & ~(POLLIN | POLLOUT))
			return 0;
	while (!(p.revents & (writable ? POLLOUT : POLLIN)));
	return 1;
}

static int by_ppoll(int fd, int writable)
{
	struct pollfd p = { fd, writable ? POLLOUT : POLLIN, 0 };

	return ppoll(&p, 1, &two_seconds, NULL) == 1 && p.revents == p.events;
}

static int selected(int fd, int writable, int timed, int with_mask)
{
	struct timeval left = { 2, 0 };
	fd_set r, w;
	int n;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(fd, writable ? &w : &r);
	n = with_mask ? pselect(fd + 1, &r, &w, NULL, timed ? &two_seconds : NULL, NULL)
		      : select(fd + 1, &r, &w, NULL, timed ? &left : NULL);
	return n == 1 && FD_ISSET(fd, writable ? &w : &r);
}

static int by_select(int fd, int writable)
{
	return selected(fd, writable, 0, 0);
}
static int by_select_timed(int fd, int writable)
{
	return selected(fd, writable, 1, 0);
}
static int by_pselect(int fd, int writable)
{
	return selected(fd, writable, 0, 1);
}
static int by_pselect_timed(int fd, int writable)
{
	return selected(fd, writable, 1, 1);
}

static int by_epoll(int fd, int writable)
{
	uint32_t wanted = writable ? EPOLLOUT : EPOLLIN;
	struct epoll_event e;

	do
		if (epoll_wait(set, &e, 1, 2000) != 1 || e.data.fd != fd)
			return 0;
	while (!(e.events & wanted));
	return !(e.events & (EPOLLERR | EPOLLHUP));
}

static int by_epoll_pwait(int fd, int writable)
{
	uint32_t wanted = writable ? EPOLLOUT : EPOLLIN;
	struct epoll_event e;

	do
		if (epoll_pwait(set, &e, 1, -1, NULL) != 1 || e.data.fd != fd)
			return 0;
	while (!(e.events & wanted));
	return !(e.events & (EPOLLERR | EPOLLHUP));
}

/* A loop that asks for one thing at a time: MOD in between, as libevent does. */
static int by_epoll_one(int fd, int writable)
{
	struct epoll_event e = { .events = writable ? EPOLLOUT : EPOLLIN,
				 .data.fd = fd };

	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &e))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	return by_epoll(fd, writable);
}

enum when { NEVER, BEFORE, BEFORE_AND_SEEN, AFTER };

static const struct way {
	const char *name;
	int (*wait)(int fd, int writable);
	enum when when;
	uint32_t events;
} ways[] = {
	{ "poll", by_poll, NEVER, 0 },
	{ "poll-timed", by_poll_timed, NEVER, 0 },
	{ "poll-all-events", by_poll_all, NEVER, 0 },
	{ "late-poll", by_poll_late, NEVER, 0 },
	{ "late-poll-then-sleep", by_poll_then_sleep, NEVER, 0 },
	{ "ppoll", by_ppoll, NEVER, 0 },
	{ "select", by_select, NEVER, 0 },
	{ "select-timed", by_select_timed, NEVER, 0 },
	{ "pselect", by_pselect, NEVER, 0 },
	{ "pselect-timed", by_pselect_timed, NEVER, 0 },
	{ "epoll-level-before", by_epoll, BEFORE, EPOLLIN | EPOLLOUT },
	{ "epoll-level-seen", by_epoll, BEFORE_AND_SEEN, EPOLLIN | EPOLLOUT },
	{ "epoll-level-after", by_epoll, AFTER, EPOLLIN | EPOLLOUT },
	{ "epoll-one-after", by_epoll_one, AFTER, EPOLLOUT },
	{ "epoll-one-never", by_epoll_one, NEVER, 0 },
	{ "epoll-pwait-before", by_epoll_pwait, BEFORE, EPOLLIN | EPOLLOUT | EPOLLET },
	{ "epoll-edge-before", by_epoll, BEFORE, EPOLLIN | EPOLLOUT | EPOLLET },
	{ "epoll-edge-seen", by_epoll, BEFORE_AND_SEEN, EPOLLIN | EPOLLOUT | EPOLLET },
	{ "epoll-edge-rdhup", by_epoll, BEFORE_AND_SEEN,
	  EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET },
	{ "epoll-edge-after", by_epoll, AFTER, EPOLLIN | EPOLLOUT | EPOLLET },
	{ "epoll-oneshot-after", by_epoll_one, AFTER, EPOLLOUT | EPOLLONESHOT },
};

static void add(int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		fail("epoll_ctl");
}

static void say(const char *step, long r)
{
	printf("%s: %ld%s%s\n", step, r, r < 0 ? " " : "",
	       r < 0 ? strerror(errno) : "");
}

static void step_by_step(const struct way *w, const struct place *to)
{
	int fd = new_socket(to, SOCK_NONBLOCK);
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	struct epoll_event e;
	char reply[64];
	long n;

	set = epoll_create1(0);
	printf("descriptors: %d %d\n", fd, set);
	if (w->when == BEFORE || w->when == BEFORE_AND_SEEN)
		add(fd, w->events);
	if (w->when == BEFORE_AND_SEEN)
		epoll_wait(set, &e, 1, 0);
	say("connect", dial(fd, to));
	if (w->when == AFTER)
		add(fd, w->events);
	printf("writable: %d\n", w->wait(fd, 1));
	printf("SO_ERROR: %d\n", error_of(fd));
	say("getpeername", getpeername(fd, (struct sockaddr *)&peer, &len));
	printf("peer: %d\n", len == to->len && !memcmp(&peer, &to->at, to->len));
	say("connect again", dial(fd, to));
	say("connect again", dial(fd, to));
	n = send(fd, "ping", 4, 0);
	say("send", n);
	if (n < 0)
		return;
	printf("readable: %d\n", w->wait(fd, 0));
	say("recv", n = recv(fd, reply, sizeof(reply), 0));
	printf("%.*s\n", n > 0 ? (int)n : 0, reply);
	say("recv", recv(fd, reply, sizeof(reply), 0));
	say("close", close(fd));
	printf("lowest free: %d\n", dup(0));
}

#define MANY 30

static void many(const struct place *to)
{
	struct epoll_event e[8];
	int answered = 0, open = MANY, n;
	char reply[64];

	set = epoll_create1(0);
	for (int i = 0; i < MANY; i++) {
		int fd = new_socket(to, SOCK_NONBLOCK);

		add(fd, EPOLLIN | EPOLLOUT | EPOLLET);
		if (dial(fd, to) && errno != EINPROGRESS)
			fail("connect");
	}
	while (open && (n = epoll_wait(set, e, 8, 2000)) > 0)
		for (int i = 0; i < n; i++) {
			int fd = e[i].data.fd, sent = fcntl(fd, F_GETFD) & FD_CLOEXEC;

			if (e[i].events & EPOLLIN) {
				answered += recv(fd, reply, sizeof(reply), 0) == 4;
				close(fd);
				open--;
			} else if (e[i].events & EPOLLHUP) {
				continue; /* from before connect() */
			} else if (!sent) {
				if (send(fd, "ping", 4, 0) != 4)
					fail("send");
				fcntl(fd, F_SETFD,
				      FD_CLOEXEC); /* a note to ourselves */
			}
		}
	printf("answered: %d\n", answered);
}

int main(int argc, char **argv)
{
	struct place to;

	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		printf("%s\n", ways[i].name);
	if (argc == 2)
		return 0;
	to = place_of(argv[2], argv[3]);
	ask(&to, "prime");
	ask(&to, "prime");
	if (!strcmp(argv[1], "many"))
		many(&to);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			step_by_step(&ways[i], &to);
	return 0;
}
