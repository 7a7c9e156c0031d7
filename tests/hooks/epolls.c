/* SPDX-License-Identifier: MIT */
/* epolls: epoll in all its shapes, and loops that hardly wait. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask) MAYBE;

FRAGMENT(epoll_ctl)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 42 };
	int set = epoll_create1(EPOLL_CLOEXEC), fd;
	struct ends e;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		STEP(epoll_ctl(set, EPOLL_CTL_MOD, e.near, &event));
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, e.near, nowhere));
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, e.near, &event));
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, e.near, &event));
		STEP(epoll_ctl(set, EPOLL_CTL_MOD, e.near, &event));
		STEP(epoll_ctl(set, EPOLL_CTL_DEL, e.near, NULL));
		STEP(epoll_ctl(set, EPOLL_CTL_DEL, e.near, NULL));
		STEP(epoll_ctl(set, 77, e.near, &event));
		STEP(epoll_ctl(e.far, EPOLL_CTL_ADD, e.near, &event));
		ends_close(&e);
	}
	STEP(epoll_ctl(set, EPOLL_CTL_ADD, -1, &event));
	STEP(epoll_ctl(-1, EPOLL_CTL_ADD, 0, &event));
	STEP(epoll_ctl(set, EPOLL_CTL_ADD, set, &event));
	fd = epoll_create1(0);
	STEP(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	close(fd);
	close(set);
}

typedef int epoller(int set, struct epoll_event *e, int n, int ms);

/* A registration made before connect(): level, edge, one shot. */
static void epoll_connection(epoller *wait_for, unsigned int mode)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), set = epoll_create1(0);
	struct epoll_event event, got;
	char bytes[8];

	for (int i = 0; i < rounds(); i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), other;

		event = (struct epoll_event){ .events = EPOLLOUT | mode,
					      .data.u64 = 7 };
		STEP(connect(client, (struct sockaddr *)&at, len));
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, client, &event));
		OWING(wait_for(set, &got, 1, -1));
		say("\tevents %#x for %d, SO_ERROR %d", got.events, (int)got.data.u64,
		    error_of(client));
		STEP(write(client, "ask", 3));
		other = accept(listener, NULL, NULL);
		STEP(read(other, bytes, 8));
		event.events = EPOLLIN | mode;
		STEP(epoll_ctl(set, EPOLL_CTL_MOD, client, &event));
		OWING(wait_for(set, &got, 1, 0));
		STEP(write(other, "answer", 6));
		OWING(wait_for(set, &got, 1, 2000));
		say("\tevents %#x for %d", got.events, (int)got.data.u64);
		STEP(read(client, bytes, 8));
		close(other);
		close(client);
		OWING(wait_for(set, &got, 1, 0));
	}
	close(set);
	close(listener);
}

static void epolls(epoller *wait_for)
{
	struct epoll_event event = { .events = EPOLLIN }, got[4];
	int set = epoll_create1(0);
	struct ends e;
	char byte;

	OWING(wait_for(set, got, 4, 0));
	OWING(wait_for(set, got, 4, 10));
	OWING(wait_for(set, got, 0, 0));
	OWING(wait_for(set, got, -1, 0));
	OWING(wait_for(-1, got, 4, 0));
	OWING(wait_for(0, got, 4, 0));
	alarm_in(5);
	OWING(wait_for(set, got, 4, -1));
	alarm_off();
	if (ends_open(KIND_PIPE, true, &e) && write(e.far, "x", 1) == 1) {
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, e.near, &event));
		OWING(wait_for(set, nowhere, 4, 100));
		OWING(wait_for(set, got, 4, -1));
		say("\tevents %#x", got[0].events);
		STEP(read(e.near, &byte, 1));
		world_owe();
		write_later(e.far);
		STEP(wait_for(set, got, 4, 5000));
		say("\tevents %#x", got[0].events);
		written();
	}
	ends_close(&e);
	close(set);
	OWING(wait_for(set, got, 4, 0));
	epoll_connection(wait_for, 0);
	epoll_connection(wait_for, EPOLLET);
	epoll_connection(wait_for, EPOLLONESHOT);
}

FRAGMENT(epoll_wait)
{
	epolls(epoll_wait);
}

static int by_epoll_pwait(int set, struct epoll_event *e, int n, int ms)
{
	return epoll_pwait(set, e, n, ms, NULL);
}

FRAGMENT(epoll_pwait)
{
	epolls(by_epoll_pwait);
}

static int by_epoll_pwait2(int set, struct epoll_event *e, int n, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	return epoll_pwait2(set, e, n, ms < 0 ? NULL : &t, NULL);
}

FRAGMENT(epoll_pwait2)
{
	struct timespec wrong = { 0, -1 };
	struct epoll_event got;
	int set = epoll_create1(0);

	epolls(by_epoll_pwait2);
	OWING(epoll_pwait2(set, &got, 1, &wrong, NULL));
	OWING(epoll_pwait2(set, &got, 1, nowhere, NULL));
	close(set);
}

/* A loop that reads before it writes, and one that asks again and again without
 * waiting. */
FRAGMENT(loops)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	char bytes[8];

	for (int i = 0; i < rounds() * 2; i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), other;
		struct pollfd p = { .fd = client, .events = POLLIN | POLLOUT };

		STEP(connect(client, (struct sockaddr *)&at, len));
		while (poll(&p, 1, 0) == 0)
			;
		STEP(recv(client, bytes, 8, 0));
		STEP(recv(client, bytes, 8, MSG_PEEK | MSG_DONTWAIT));
		STEP(send(client, "ask", 3, 0));
		STEP(send(client, " more", 5, 0));
		other = accept(listener, NULL, NULL);
		STEP(recv(other, bytes, 8, MSG_WAITALL));
		STEP(send(other, "!", 1, 0));
		await(client);
		STEP(recv(client, bytes, 8, 0));
		close(client);
		close(other);
	}
	close(listener);
}
