/* SPDX-License-Identifier: MIT */
/* cancel: a thread cancelled in a blocking call behind a hook runs its cleanup
 * handlers. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "frames.h"

struct sleep {
	const char *call;
	void (*in)(void);
	int cleaned;
};

static struct ends quiet_ends;
static int silent, full;
static struct sockaddr_storage silent_at, full_at;
static socklen_t silent_len, full_len;
static char byte;

static void in_read(void)
{
	say("\treturned %ld", (long)read(quiet_ends.near, &byte, 1));
}

static void in_recv(void)
{
	say("\treturned %ld", (long)recv(quiet_ends.near, &byte, 1, 0));
}

static void in_accept(void)
{
	say("\treturned %d", accept(silent, NULL, NULL));
}

static void in_poll(void)
{
	struct pollfd p = { .fd = quiet_ends.near, .events = POLLIN };

	say("\treturned %d", poll(&p, 1, -1));
}

static void in_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(quiet_ends.near, &set);
	say("\treturned %d", select(quiet_ends.near + 1, &set, NULL, NULL, NULL));
}

static void close_it(void *fd)
{
	close((int)(long)fd);
}

static void in_epoll(void)
{
	struct epoll_event e;
	int set = epoll_create1(0);

	pthread_cleanup_push(close_it, (void *)(long)set);
	say("\treturned %d", epoll_wait(set, &e, 1, -1));
	pthread_cleanup_pop(1);
}

/* Its queue is full: the handshake does not end. */
static void in_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	pthread_cleanup_push(close_it, (void *)(long)fd);
	say("\treturned %d", connect(fd, (struct sockaddr *)&full_at, full_len));
	pthread_cleanup_pop(1);
}

static void in_nanosleep(void)
{
	struct timespec t = { 100, 0 };

	say("\treturned %d", nanosleep(&t, NULL));
}

static void clean(void *arg)
{
	((struct sleep *)arg)->cleaned++;
}

static void *sleeper(void *arg)
{
	struct sleep *s = arg;

	pthread_cleanup_push(clean, s);
	s->in();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel_in(struct sleep *s)
{
	pthread_t thread;
	void *ret = NULL;
	int err;

	if (pthread_create(&thread, NULL, sleeper, s))
		return;
	usleep(30000);
	err = pthread_cancel(thread); /* not told yet: the thread may speak now */
	STEP(pthread_join(thread, &ret));
	say("\tin %s: pthread_cancel %d, cancelled %d, cleaned %d", s->call, err,
	    ret == PTHREAD_CANCELED, s->cleaned);
}

/* At an address of its own: a port used again would be one that has been seen to
 * answer. */
static void fill(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd[4];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	full = socket(AF_INET, SOCK_STREAM, 0);
	bind(full, (struct sockaddr *)&at, sizeof(at));
	full_len = sizeof(full_at);
	getsockname(full, (struct sockaddr *)&full_at, &full_len);
	listen(full, 0);
	for (int i = 0; i < 4; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fd[i], (struct sockaddr *)&full_at, full_len);
	}
	usleep(10000);
}

FRAGMENT(cancel)
{
	struct sleep sleeps[] = {
		{ "read", in_read, 0 },		  { "recv", in_recv, 0 },
		{ "accept", in_accept, 0 },	  { "poll", in_poll, 0 },
		{ "select", in_select, 0 },	  { "epoll_wait", in_epoll, 0 },
		{ "nanosleep", in_nanosleep, 0 }, { "connect", in_connect, 0 },
	};

	silent = listener_new(&silent_at, &silent_len);
	if (!ends_open(KIND_TCP, true, &quiet_ends))
		return;
	fill();
	for (size_t i = 0; i < sizeof(sleeps) / sizeof(*sleeps); i++)
		cancel_in(&sleeps[i]);
	ends_close(&quiet_ends);
	close(silent);
	close(full);
}
