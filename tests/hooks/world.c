/* SPDX-License-Identifier: MIT */
/* world: what the fragments act on; see frames.h. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

static int server = -1, held = -1;
static pid_t holder; /* a child leaves it to its parent */
static struct sockaddr_storage server_at;
static socklen_t server_len;

int rounds(void)
{
	return warm ? ROUNDS_WARM : 1;
}

void nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 2000);
}

struct timespec in_ms(clockid_t clock, int ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms % 1000 * 1000000L;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static int bound(int family, int type, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(family, type, 0);

	in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memset(ret, 0, sizeof(*ret));
	*ret_len = family == AF_INET ? sizeof(in4) : sizeof(in6);
	memcpy(ret, family == AF_INET ? (void *)&in4 : (void *)&in6, *ret_len);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)ret, *ret_len) &&
	    !getsockname(fd, (struct sockaddr *)ret, ret_len))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int listener_of(int family, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	int fd = bound(family, SOCK_STREAM, ret, ret_len), qlen = 64;

	if (fd >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &qlen, sizeof(qlen));
		listen(fd, 64);
	}
	return fd;
}

int listener_new(struct sockaddr_storage *ret, socklen_t *ret_len)
{
	return listener_of(AF_INET, ret, ret_len);
}

void nobody_there(struct sockaddr_storage *ret, socklen_t *ret_len)
{
	static int reserved = -1; /* bound, not listening: no other gets the port */

	if (reserved >= 0)
		close(reserved);
	reserved = bound(AF_INET, SOCK_STREAM, ret, ret_len);
}

/* One conversation as a client has it that writes first: what makes a destination
 * proven. */
static void prime(void)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), other;
	char c;

	if (connect(client, (struct sockaddr *)&server_at, server_len))
		say("prime: %s", strerror(errno));
	if (write(client, "g", 1) != 1)
		say("prime: %s", strerror(errno));
	other = accept(server, NULL, NULL);
	if (read(other, &c, 1) != 1 || write(other, "q", 1) != 1 ||
	    read(client, &c, 1) != 1)
		say("prime: %s", strerror(errno));
	close(client);
	close(other);
}

void world_begin(void)
{
	server = listener_of(AF_INET, &server_at, &server_len);
	if (server < 0)
		say("no loopback: %s", strerror(errno));
}

void world_end(void)
{
	close(server);
	server = -1;
}

void world_hold(void)
{
	if (!warm)
		return;
	prime();
	prime();
	held = socket(AF_INET, SOCK_STREAM, 0);
	holder = getpid();
	if (connect(held, (struct sockaddr *)&server_at, server_len))
		say("hold: %s", strerror(errno));
}

void world_let_go(void)
{
	char c = 0;
	int other;

	if (held < 0)
		return;
	if (write(held, "h", 1) != 1)
		say("let go: %s", strerror(errno));
	other = accept(server, NULL, NULL);
	if (read(other, &c, 1) != 1 || c != 'h')
		say("let go: not what was written: %s", strerror(errno));
	close(other);
	close(held);
	held = -1;
}

void world_owe(void)
{
	sigset_t all, was;

	if (held < 0 || getpid() != holder)
		return;
	sigfillset(&all); /* an alarm is for the call under test */
	pthread_sigmask(SIG_SETMASK, &all, &was);
	world_let_go();
	world_hold();
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

const char *kind_name(enum kind kind)
{
	static const char *const names[KINDS] = { "tcp", "tcp6", "unix", "datagram",
						  "udp", "pipe", "file" };

	return names[kind];
}

static bool tcp_ends(int family, struct ends *ret)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_of(family, &at, &len), one = 1;

	if (listener < 0)
		return false;
	ret->near = socket(family, SOCK_STREAM, 0);
	if (connect(ret->near, (struct sockaddr *)&at, len)) {
		say("\tconnect: %s", strerror(errno));
		close(listener);
		return false;
	}
	ret->far = accept(listener, NULL, NULL);
	setsockopt(ret->far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
	return true;
}

static bool udp_ends(struct ends *ret)
{
	struct sockaddr_storage a, b;
	socklen_t len;

	ret->near = bound(AF_INET, SOCK_DGRAM, &a, &len);
	ret->far = bound(AF_INET, SOCK_DGRAM, &b, &len);
	return !connect(ret->near, (struct sockaddr *)&b, len) &&
	       !connect(ret->far, (struct sockaddr *)&a, len);
}

int error_of(int fd)
{
	int e = -1;
	socklen_t len = sizeof(e);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) ? -1 : e;
}

int file_new(void)
{
	char path[] = "/tmp/hooks.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	return fd;
}

static bool file_ends(struct ends *ret)
{
	char path[] = "/tmp/hooks.XXXXXX";

	ret->near = mkstemp(path);
	ret->far = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	return ret->far >= 0;
}

bool ends_open(enum kind kind, bool near_reads, struct ends *ret)
{
	int two[2] = { -1, -1 }, type = kind == KIND_UNIX ? SOCK_STREAM : SOCK_DGRAM;
	bool fine = true;

	ret->kind = kind;
	switch (kind) {
	case KIND_TCP:
	case KIND_TCP6:
		return tcp_ends(kind == KIND_TCP ? AF_INET : AF_INET6, ret);
	case KIND_UDP:
		return udp_ends(ret);
	case KIND_FILE:
		return file_ends(ret);
	case KIND_UNIX:
	case KIND_DATAGRAM:
		fine = !socketpair(AF_UNIX, type, 0, two);
		break;
	case KIND_PIPE:
		fine = !pipe(two);
		break;
	case KINDS:
		return false;
	}
	ret->near = two[kind == KIND_PIPE && !near_reads];
	ret->far = two[!(kind == KIND_PIPE && !near_reads)];
	return fine;
}

void ends_close(struct ends *e)
{
	close(e->near);
	if (e->far >= 0)
		close(e->far);
}
