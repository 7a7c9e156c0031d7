/* SPDX-License-Identifier: MIT */
/* waits: poll and select, in all their shapes. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __poll(struct pollfd *fds, nfds_t n, int timeout) MAYBE;
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room) MAYBE;
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room) MAYBE;
int __select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout) MAYBE;

static struct timespec ms_now;

static struct timespec *timespec_of(int ms)
{
	ms_now = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	return ms < 0 ? NULL : &ms_now;
}

/* --- poll ------------------------------------------------------------------ */

typedef int poller(struct pollfd *fds, nfds_t n, int ms);

/* Connects without waiting, learns of it from the wait, writes: as event loops do. */
static void poll_connection(poller *wait_for, int listener, struct sockaddr_storage *at,
			    socklen_t len)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), other;
	struct pollfd p = { .fd = client, .events = POLLIN | POLLOUT };
	char bytes[8];

	STEP(connect(client, (struct sockaddr *)at, len));
	OWING(wait_for(&p, 1, 2000));
	say("\tevents %#x, SO_ERROR %d", (unsigned int)p.revents, error_of(client));
	STEP(write(client, "ask", 3));
	other = accept(listener, NULL, NULL);
	STEP(read(other, bytes, 8));
	p.events = POLLIN;
	OWING(wait_for(&p, 1, 0));
	STEP(write(other, "answer", 6));
	OWING(wait_for(&p, 1, -1));
	STEP(read(client, bytes, 8));
	close(other);
	OWING(wait_for(&p, 1, 2000));
	close(client);
}

static void polls(poller *wait_for)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	struct pollfd p[3];
	struct ends e;
	char byte;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		p[0] = (struct pollfd){ .fd = e.near, .events = POLLIN | POLLPRI };
		p[1] = (struct pollfd){ .fd = -1, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = 9999, .events = POLLIN, .revents = 7 };
		OWING(wait_for(p, 2, 0));
		OWING(wait_for(p, 2, 10));
		OWING(wait_for(p, 3, -1));
		say("\tevents %#x %#x %#x", (unsigned int)p[0].revents,
		    (unsigned int)p[1].revents, (unsigned int)p[2].revents);
		if (write(e.far, "x", 1) != 1)
			say("\tfar cannot write");
		OWING(wait_for(p, 1, -1));
		say("\tevents %#x", (unsigned int)p[0].revents);
		if (k != KIND_FILE && read(e.near, &byte, 1) == 1) {
			world_owe();
			write_later(e.far);
			STEP(wait_for(p, 1, 5000));
			say("\tevents %#x", (unsigned int)p[0].revents);
			written();
		}
		ends_close(&e);
		OWING(wait_for(p, 1, 1000));
		say("\tevents %#x", (unsigned int)p[0].revents);
	}
	say("    oddly");
	OWING(wait_for(NULL, 0, 5));
	OWING(wait_for(nowhere, 0, 0));
	OWING(wait_for(nowhere, 1, 0));
	OWING(wait_for(nowhere, 1, 100));
	OWING(wait_for(p, 1 << 30, 0));
	alarm_in(5);
	OWING(wait_for(NULL, 0, -1));
	OWING(wait_for(NULL, 0, 5000));
	alarm_off();
	say("    a connection");
	for (int i = 0; i < rounds(); i++)
		poll_connection(wait_for, listener, &at, len);
	close(listener);
}

FRAGMENT(poll)
{
	polls(poll);
}

FRAGMENT(__poll)
{
	polls(__poll);
}

static int poll_chk(struct pollfd *fds, nfds_t n, int ms)
{
	return __poll_chk(fds, n, ms, n * sizeof(*fds));
}

FRAGMENT(__poll_chk)
{
	polls(poll_chk);
}

static int by_ppoll(struct pollfd *fds, nfds_t n, int ms)
{
	return ppoll(fds, n, timespec_of(ms), NULL);
}

static void wrong_times(void)
{
	struct timespec t = { 0, 1000000000 }, before = { -1, 0 };

	OWING(ppoll(NULL, 0, &t, NULL));
	OWING(ppoll(NULL, 0, &before, NULL));
}

/* A mask that lets through what was held up. */
static void with_mask(int (*wait_for)(const sigset_t *mask))
{
	sigset_t alarms, was;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &was);
	alarm_in(5);
	OWING(wait_for(NULL));
	OWING(wait_for(&was));
	alarm_off();
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

static int masked_ppoll(const sigset_t *mask)
{
	return ppoll(NULL, 0, mask ? NULL : timespec_of(20), mask);
}

FRAGMENT(ppoll)
{
	polls(by_ppoll);
	wrong_times();
	with_mask(masked_ppoll);
}

static int ppoll_chk(struct pollfd *fds, nfds_t n, int ms)
{
	return __ppoll_chk(fds, n, timespec_of(ms), NULL, n * sizeof(*fds));
}

FRAGMENT(__ppoll_chk)
{
	polls(ppoll_chk);
}

/* --- select ---------------------------------------------------------------- */

typedef int selecter(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t);

/* Linux leaves the rest of the time; a wait that took any is known by it. */
static const char *left(const struct timeval *t, long seconds)
{
	if (!t->tv_sec && !t->tv_usec)
		return "none";
	return t->tv_sec < seconds ? "some" : "all";
}

/* Nothing is ready yet when the wait begins. */
static void select_later(selecter *wait_for, struct ends *e, bool tells_time)
{
	struct timeval t = { 5, 0 };
	char byte;
	fd_set r;

	nonblocking(e->near);
	while (read(e->near, &byte, 1) == 1)
		;
	if (e->kind == KIND_FILE)
		return; /* always ready */
	FD_ZERO(&r);
	FD_SET(e->near, &r);
	world_owe();
	write_later(e->far);
	STEP(wait_for(e->near + 1, &r, NULL, NULL, &t));
	say("\tnear %d, time left: %s", !!FD_ISSET(e->near, &r),
	    tells_time ? left(&t, 5) : "-");
	written();
}

static void selects(selecter *wait_for, bool tells_time)
{
	struct timeval t;
	struct ends e;
	fd_set r, w;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		for (int round = 0; round < 3; round++) {
			static const suseconds_t times[] = { 0, 10000, 0 };

			FD_ZERO(&r);
			FD_ZERO(&w);
			FD_SET(e.near, &r);
			if (round && k != KIND_PIPE)
				FD_SET(e.far, &w);
			t = (struct timeval){ round == 2 ? 5 : 0, times[round] };
			if (round == 2 && write(e.far, "x", 1) != 1)
				say("\tfar cannot write");
			OWING(wait_for(e.far + e.near + 1, &r, &w, NULL, &t));
			say("\tnear %d, far %d, time left: %s", !!FD_ISSET(e.near, &r),
			    !!FD_ISSET(e.far, &w), tells_time ? left(&t, 6) : "-");
		}
		select_later(wait_for, &e, tells_time);
		ends_close(&e);
	}
	say("    oddly");
	t = (struct timeval){ 0, 5000 };
	OWING(wait_for(0, NULL, NULL, NULL, &t));
	say("\ttime left: %s", tells_time ? left(&t, 1) : "-");
	OWING(wait_for(-1, NULL, NULL, NULL, &t));
	OWING(wait_for(10, nowhere, NULL, NULL, &t));
	FD_ZERO(&r);
	FD_SET(999, &r);
	OWING(wait_for(1000, &r, NULL, NULL, &t));
	t = (struct timeval){ -1, 0 };
	OWING(wait_for(0, NULL, NULL, NULL, &t));
	FD_ZERO(&r);
	alarm_in(5);
	OWING(wait_for(0, &r, NULL, NULL, NULL));
	t = (struct timeval){ 5, 0 };
	OWING(wait_for(0, NULL, NULL, NULL, &t));
	say("\ttime left: %s", tells_time ? left(&t, 5) : "-");
	alarm_off();
}

FRAGMENT(select)
{
	selects(select, true);
}

FRAGMENT(__select)
{
	selects(__select, true);
}

static int by_pselect(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t)
{
	struct timespec ts = { t ? t->tv_sec : 0, t ? t->tv_usec * 1000 : 0 };

	return pselect(n, r, w, e, t ? &ts : NULL, NULL);
}

static int masked_pselect(const sigset_t *mask)
{
	return pselect(0, NULL, NULL, NULL, mask ? NULL : timespec_of(20), mask);
}

FRAGMENT(pselect)
{
	selects(by_pselect, false);
	with_mask(masked_pselect);
}
