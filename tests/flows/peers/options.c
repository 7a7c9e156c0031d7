/* SPDX-License-Identifier: MIT */
/*
 * options: says what the kernel has as the options of ordinary sockets, a line for each
 * time it looks: "WHEN name=value ...".  OWN is none, or when the program sets options
 * of its own: before (connecting, binding) or after (connecting, listening, accepting).
 *
 *	options client OWN HOST PORT     connects, writes, reads
 *	options server OWN PORT          listens, says "ready PORT", accepts, answers
 *	options hold PORT                binds, listens, says "ready PORT", and waits
 *	options udp HOST PORT            an ordinary datagram socket, connected
 *	options unix                     a stream socket between processes
 *	options talk HOST PORT COUNT     so many questions and answers on one connection
 *	options echo PORT                accepts, one after the other, and echoes
 */
#include "peer.h"

#include <sys/syscall.h>
#include <sys/un.h>

#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE 34
#endif

static const struct {
	const char *name;
	int level, number, own; /* own: what this program sets; -1: nothing */
} options[] = {
	{ "nodelay", IPPROTO_TCP, TCP_NODELAY, 0 },
	{ "quickack", IPPROTO_TCP, TCP_QUICKACK, 0 },
	{ "keepalive", SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ "idle", IPPROTO_TCP, TCP_KEEPIDLE, 11 },
	{ "interval", IPPROTO_TCP, TCP_KEEPINTVL, 12 },
	{ "count", IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ "user-timeout", IPPROTO_TCP, TCP_USER_TIMEOUT, 1111 },
	{ "linger2", IPPROTO_TCP, TCP_LINGER2, 7 },
	{ "defer-accept", IPPROTO_TCP, TCP_DEFER_ACCEPT, 1 },
	{ "reuseport", SOL_SOCKET, SO_REUSEPORT, 0 },
	{ "fastopen", IPPROTO_TCP, TCP_FASTOPEN, -1 },
	{ "no-cookie", IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, -1 },
};

#define OPTIONS (sizeof(options) / sizeof(*options))
#define OWN_CONGESTION "cubic"

/* By the system call itself: libc's may have something in front of it. */
static long ask_kernel(int fd, int level, int number, void *value, socklen_t *len)
{
	return syscall(SYS_getsockopt, fd, level, number, value, len);
}

static void look(const char *when, int fd)
{
	char congestion[16] = "";
	socklen_t len = sizeof(congestion);

	printf("%s", when);
	for (size_t i = 0; i < OPTIONS; i++) {
		int value = -1;
		socklen_t n = sizeof(value);

		if (!ask_kernel(fd, options[i].level, options[i].number, &value, &n))
			printf(" %s=%d", options[i].name, value);
	}
	if (!ask_kernel(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &len))
		printf(" congestion=%.16s", congestion);
	printf("\n");
	fflush(stdout);
}

/* The program's own: set where `now` is when it was told to. */
static void set_own(int fd, const char *own, const char *now)
{
	if (strcmp(own, now))
		return;
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].own >= 0 &&
		    setsockopt(fd, options[i].level, options[i].number, &options[i].own,
			       sizeof(int)))
			fail(options[i].name);
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, OWN_CONGESTION,
		       sizeof(OWN_CONGESTION) - 1))
		fail("congestion");
}

static int client(const char *own, const struct place *to)
{
	char reply[64];
	int fd = new_socket(to, 0);

	set_own(fd, own, "before");
	if (dial(fd, to))
		fail("connect");
	set_own(fd, own, "after");
	look("connected", fd);
	send_all(fd, "ping", 4);
	if (recv(fd, reply, sizeof(reply), 0) <= 0)
		fail("recv");
	look("received", fd);
	close(fd);
	return 0;
}

static int bound(const char *port, const char *own)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	set_own(fd, own, "before");
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)))
		fail("bind");
	if (listen(fd, 128))
		fail("listen");
	return fd;
}

static void ready(const char *port)
{
	printf("ready %s\n", port);
	fflush(stdout);
}

static int server(const char *own, const char *port)
{
	char request[64];
	int listener = bound(port, own), fd;

	set_own(listener, own, "after");
	look("listening", listener);
	ready(port);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		fail("accept");
	set_own(fd, own, "after");
	look("accepted", fd);
	if (recv(fd, request, sizeof(request), 0) <= 0)
		fail("recv");
	look("received", fd);
	send_all(fd, "pong", 4);
	recv(fd, request, sizeof(request), 0);
	close(fd);
	return 0;
}

static int hold(const char *port)
{
	int fd = bound(port, "none");

	look("listening", fd);
	ready(port);
	pause();
	return 0;
}

static int udp(const struct place *to)
{
	int fd = socket(to->at.ss_family, SOCK_DGRAM, 0);

	if (dial(fd, to))
		fail("connect");
	look("connected", fd);
	return 0;
}

static int in_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t) + 16;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path + 1, 16, "options%d", (int)getpid());
	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 5))
		fail("listen");
	if (connect(fd, (struct sockaddr *)&at, len))
		fail("connect");
	look("listening", listener);
	look("connected", fd);
	look("accepted", accept(listener, NULL, NULL));
	return 0;
}

static int talk(const struct place *to, int count)
{
	char reply[64];
	int fd = new_socket(to, 0);

	if (dial(fd, to))
		fail("connect");
	while (count--) {
		send_all(fd, "ping", 4);
		if (recv(fd, reply, sizeof(reply), 0) <= 0)
			fail("recv");
	}
	look("received", fd);
	close(fd);
	return 0;
}

static int echo(const char *port)
{
	int listener = bound(port, "none"), fd;
	char bytes[64];
	ssize_t n;

	ready(port);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
			send_all(fd, bytes, (size_t)n);
		close(fd);
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct place to = { .len = 0 };
	const char *what = argv[1];

	if (!strcmp(what, "client"))
		to = place_of(argv[3], argv[4]);
	else if (!strcmp(what, "udp") || !strcmp(what, "talk"))
		to = place_of(argv[2], argv[3]);
	if (!strcmp(what, "client"))
		return client(argv[2], &to);
	if (!strcmp(what, "server"))
		return server(argv[2], argv[3]);
	if (!strcmp(what, "hold"))
		return hold(argv[2]);
	if (!strcmp(what, "udp"))
		return udp(&to);
	if (!strcmp(what, "unix"))
		return in_here();
	if (!strcmp(what, "talk"))
		return talk(&to, atoi(argv[4]));
	return argc > 2 && !strcmp(what, "echo") ? echo(argv[2]) : 2;
}
