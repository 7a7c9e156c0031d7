/* SPDX-License-Identifier: MIT */
/* sockets: how connections begin. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __connect(int fd, const struct sockaddr *to, socklen_t len) MAYBE;

typedef int connecter(int fd, const struct sockaddr *to, socklen_t len);

FRAGMENT(socket)
{
	static const struct {
		int family, type, protocol;
	} rows[] = {
		{ AF_INET, SOCK_STREAM, 0 },
		{ AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0 },
		{ AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0 },
		{ AF_INET, SOCK_STREAM, 17 },
		{ AF_INET, 99, 0 },
		{ 9999, SOCK_STREAM, 0 },
		{ AF_INET, SOCK_STREAM, 262 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd;

		OPENS(fd, socket(rows[i].family, rows[i].type, rows[i].protocol));
		if (fd < 0)
			continue;
		STEP(fcntl(fd, F_GETFD));
		STEP(fcntl(fd, F_GETFL));
		close(fd);
	}
}

FRAGMENT(socketpair)
{
	static const struct {
		int family, type, protocol;
	} rows[] = {
		{ AF_UNIX, SOCK_STREAM, 0 },
		{ AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0 },
		{ AF_UNIX, SOCK_STREAM, 17 },
		{ AF_UNIX, 99, 0 },
		{ AF_INET, SOCK_STREAM, 0 },
		{ 9999, SOCK_STREAM, 0 },
	};
	int fd[2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		STEP(socketpair(rows[i].family, rows[i].type, rows[i].protocol, fd));
		if (rows[i].family != AF_UNIX || rows[i].protocol || i == 3)
			continue;
		STEP(fcntl(fd[0], F_GETFD));
		STEP(fcntl(fd[1], F_GETFL));
		OWING(send(fd[0], "x", 1, 0));
		STEP(close(fd[0]));
		STEP(close(fd[0]));
		STEP(send(fd[0], "x", 1, 0));
		STEP(read(fd[0], fd, 1));
		STEP(close(fd[1]));
		STEP(recv(fd[1], fd, 1, 0));
		STEP(recvfrom(fd[1], fd, 1, 0, NULL, NULL));
		STEP(write(fd[1], "x", 1));
	}
	STEP(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
}

FRAGMENT(bind)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int kinds[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, kinds[i], 0), reuse = -1;
		socklen_t len = sizeof(reuse);

		STEP(bind(fd, nowhere, sizeof(at)));
		STEP(bind(fd, (struct sockaddr *)&at, 3));
		STEP(bind(fd, (struct sockaddr *)&at, 1 << 20));
		OWING(bind(fd, (struct sockaddr *)&at, sizeof(at)));
		STEP(bind(fd, (struct sockaddr *)&at, sizeof(at)));
		STEP(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse, &len));
		say("\t%d", reuse);
		close(fd);
		STEP(bind(fd, (struct sockaddr *)&at, sizeof(at)));
	}
	kinds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	STEP(bind(kinds[0], (struct sockaddr *)&own, sizeof(own.sun_family)));
	close(kinds[0]);
}

FRAGMENT(listen)
{
	struct ends e;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	STEP(listen(fd, 5));
	STEP(listen(fd, 0));
	STEP(listen(fd, -1));
	close(fd);
	STEP(listen(fd, 5));
	for (enum kind k = 0; k < KINDS; k++)
		if (ends_open(k, true, &e)) {
			STEP(listen(e.near, 5));
			ends_close(&e);
		}
}

static void accepts(int (*take)(int fd, struct sockaddr *from, socklen_t *len))
{
	struct sockaddr_storage at, from;
	socklen_t len, n = sizeof(from);
	int listener = listener_new(&at, &len), client, fd;
	struct ends e;

	for (int i = 0; i < rounds() + 1; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		STEP(connect(client, (struct sockaddr *)&at, len));
		n = i ? sizeof(from) : 6;
		OPENS(fd, take(listener, (struct sockaddr *)&from, &n));
		say("\tan address of %d bytes", (int)n);
		STEP(fcntl(fd, F_GETFD));
		STEP(fcntl(fd, F_GETFL));
		close(fd);
		close(client);
	}
	alarm_in(5);
	OPENS(fd, take(listener, NULL, NULL));
	alarm_off();
	client = socket(AF_INET, SOCK_STREAM, 0);
	STEP(connect(client, (struct sockaddr *)&at, len));
	OPENS(fd, take(listener, nowhere, &n));
	nonblocking(listener);
	OPENS(fd, take(listener, NULL, NULL));
	close(listener);
	OPENS(fd, take(listener, NULL, NULL));
	for (enum kind k = 0; k < KINDS; k++)
		if (ends_open(k, true, &e)) {
			OPENS(fd, take(e.near, NULL, NULL));
			ends_close(&e);
		}
	close(client);
}

FRAGMENT(accept)
{
	accepts(accept);
}

static int by_accept4(int fd, struct sockaddr *from, socklen_t *len)
{
	return accept4(fd, from, len, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

FRAGMENT(accept4)
{
	accepts(by_accept4);
	STEP(accept4(0, NULL, NULL, 0x7777));
}

/* Connect, say something first, hear the answer; then everything that may be asked. */
static void ordinary(connecter *to, bool writes_first)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	char bytes[8];

	for (int i = 0; i < rounds(); i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), other;

		STEP(to(client, (struct sockaddr *)&at, len));
		STEP(to(client, (struct sockaddr *)&at, len));
		if (writes_first)
			STEP(write(client, "ask", 3));
		other = accept(listener, NULL, NULL);
		if (writes_first)
			STEP(read(other, bytes, 8));
		STEP(write(other, "answer", 6));
		STEP(read(client, bytes, 8));
		STEP(to(client, (struct sockaddr *)&at, len));
		close(client);
		STEP(read(other, bytes, 8));
		close(other);
	}
	close(listener);
}

static void without_waiting(connecter *to, const struct sockaddr *at, socklen_t len,
			    int listener)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), other = -1;
	struct pollfd p = { .fd = client, .events = POLLOUT };
	char bytes[8];

	STEP(to(client, at, len));
	STEP(poll(&p, 1, 2000));
	say("\tevents %#x, SO_ERROR %d", (unsigned int)p.revents, error_of(client));
	STEP(to(client, at, len));
	if (listener >= 0) {
		STEP(to(client, at, len));
		STEP(write(client, "ask", 3));
		other = accept(listener, NULL, NULL);
		STEP(read(other, bytes, 8));
		STEP(write(other, "answer", 6));
		await(client);
		STEP(read(client, bytes, 8));
		close(other);
	}
	close(client);
}

static void refused(connecter *to)
{
	struct sockaddr_storage at;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	nobody_there(&at, &len);
	for (int i = 0; i < rounds(); i++) {
		STEP(to(fd, (struct sockaddr *)&at, len)); /* the same socket, again */
		STEP(error_of(fd));
	}
	close(fd);
	without_waiting(to, (struct sockaddr *)&at, len, -1);
}

static void odd_addresses(connecter *to)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_un un = { .sun_family = AF_UNIX,
				  .sun_path = "/nowhere/at/all" };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	const struct sockaddr *any = (struct sockaddr *)&in4;
	int fd = socket(AF_INET, SOCK_STREAM, 0), other;

	in4.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1: no way there */
	STEP(to(fd, any, sizeof(in4)));
	STEP(to(fd, any, 1));
	STEP(to(fd, any, 8));
	STEP(to(fd, any, (socklen_t)-1));
	STEP(to(fd, any, 500));
	STEP(to(fd, nowhere, sizeof(in4)));
	STEP(to(fd, NULL, 0));
	STEP(to(fd, &none, sizeof(none)));
	STEP(to(fd, (struct sockaddr *)&in6, sizeof(in6)));
	STEP(to(fd, (struct sockaddr *)&un, sizeof(un)));
	close(fd);
	STEP(to(fd, any, sizeof(in4)));
	STEP(to(-1, any, sizeof(in4)));
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	STEP(to(other, (struct sockaddr *)&un, sizeof(un)));
	close(other);
	other = file_new();
	STEP(to(other, any, sizeof(in4)));
	close(other);
}

/* AF_UNSPEC ends a connection; the socket can be used again. */
static void disconnects(connecter *to)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len),
	    client = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = 0; i < rounds(); i++) {
		STEP(to(client, (struct sockaddr *)&at, len));
		STEP(to(client, &none, sizeof(none)));
	}
	close(client);
	client = socket(AF_INET, SOCK_DGRAM, 0);
	STEP(to(client, (struct sockaddr *)&at, len));
	STEP(to(client, &none, sizeof(none)));
	close(client);
	close(listener);
}

static void connects(connecter *to)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener;

	say("    and writes first");
	ordinary(to, true);
	say("    and reads first");
	ordinary(to, false);
	say("    without waiting");
	listener = listener_new(&at, &len);
	for (int i = 0; i < rounds() * 2; i++)
		without_waiting(to, (struct sockaddr *)&at, len, listener);
	close(listener);
	say("    refused");
	refused(to);
	say("    odd addresses");
	odd_addresses(to);
	say("    disconnects");
	disconnects(to);
}

FRAGMENT(connect)
{
	connects(connect);
}

FRAGMENT(__connect)
{
	connects(__connect);
}

/* A proven destination that has gone says so at connect, as it does without us. */
FRAGMENT(refused_again)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), fd;
	const struct timespec past_a_kept_answer = { 0, 150000000 };

	for (int i = 0; i < rounds(); i++)
		without_waiting(connect, (struct sockaddr *)&at, len, listener);
	close(listener);
	nanosleep(&past_a_kept_answer, NULL);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(connect(fd, (struct sockaddr *)&at, len));
	close(fd);
}
