/* SPDX-License-Identifier: MIT */
/* waits: poll, select and epoll, in all their shapes. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __poll(struct pollfd *fds, nfds_t n, int timeout) MAYBE;
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room) MAYBE;
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room) MAYBE;
int __select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout) MAYBE;
int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask) MAYBE;

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
	STEP(wait_for(&p, 1, 2000));
	say("\tevents %#x, SO_ERROR %d", (unsigned int)p.revents, error_of(client));
	STEP(write(client, "ask", 3));
	other = accept(listener, NULL, NULL);
	STEP(read(other, bytes, 8));
	p.events = POLLIN;
	STEP(wait_for(&p, 1, 0));
	STEP(write(other, "answer", 6));
	STEP(wait_for(&p, 1, -1));
	STEP(read(client, bytes, 8));
	close(other);
	STEP(wait_for(&p, 1, 2000));
	close(client);
}

static void polls(poller *wait_for)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	struct pollfd p[3];
	struct ends e;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		p[0] = (struct pollfd){ .fd = e.near, .events = POLLIN | POLLPRI };
		p[1] = (struct pollfd){ .fd = -1, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = 9999, .events = POLLIN, .revents = 7 };
		STEP(wait_for(p, 2, 0));
		STEP(wait_for(p, 2, 10));
		STEP(wait_for(p, 3, -1));
		say("\tevents %#x %#x %#x", (unsigned int)p[0].revents,
		    (unsigned int)p[1].revents, (unsigned int)p[2].revents);
		if (write(e.far, "x", 1) != 1)
			say("\tfar cannot write");
		STEP(wait_for(p, 1, -1));
		say("\tevents %#x", (unsigned int)p[0].revents);
		ends_close(&e);
		STEP(wait_for(p, 1, 1000));
		say("\tevents %#x", (unsigned int)p[0].revents);
	}
	say("    oddly");
	STEP(wait_for(NULL, 0, 5));
	STEP(wait_for(nowhere, 0, 0));
	STEP(wait_for(nowhere, 1, 0));
	STEP(wait_for(nowhere, 1, 100));
	STEP(wait_for(p, 1 << 30, 0));
	alarm_in(5);
	STEP(wait_for(NULL, 0, -1));
	STEP(wait_for(NULL, 0, 5000));
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

	STEP(ppoll(NULL, 0, &t, NULL));
	STEP(ppoll(NULL, 0, &before, NULL));
}

/* A mask that lets through what was held up. */
static void with_mask(int (*wait_for)(const sigset_t *mask))
{
	sigset_t alarms, was;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &was);
	alarm_in(5);
	STEP(wait_for(NULL));
	STEP(wait_for(&was));
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

static const char *left(const struct timeval *t)
{
	return t->tv_sec || t->tv_usec ? "some" : "none";
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
			static const suseconds_t times[] = { 0, 10000, 900000 };

			FD_ZERO(&r);
			FD_ZERO(&w);
			FD_SET(e.near, &r);
			if (round && k != KIND_PIPE)
				FD_SET(e.far, &w);
			t = (struct timeval){ round == 2 ? 5 : 0, times[round] };
			if (round == 2 && write(e.far, "x", 1) != 1)
				say("\tfar cannot write");
			STEP(wait_for(e.far + e.near + 1, &r, &w, NULL, &t));
			say("\tnear %d, far %d, time left: %s", !!FD_ISSET(e.near, &r),
			    !!FD_ISSET(e.far, &w), tells_time ? left(&t) : "-");
		}
		ends_close(&e);
	}
	say("    oddly");
	t = (struct timeval){ 0, 5000 };
	STEP(wait_for(0, NULL, NULL, NULL, &t));
	say("\ttime left: %s", tells_time ? left(&t) : "-");
	STEP(wait_for(-1, NULL, NULL, NULL, &t));
	STEP(wait_for(10, nowhere, NULL, NULL, &t));
	FD_ZERO(&r);
	FD_SET(999, &r);
	STEP(wait_for(1000, &r, NULL, NULL, &t));
	t = (struct timeval){ -1, 0 };
	STEP(wait_for(0, NULL, NULL, NULL, &t));
	FD_ZERO(&r);
	alarm_in(5);
	STEP(wait_for(0, &r, NULL, NULL, NULL));
	t = (struct timeval){ 5, 0 };
	STEP(wait_for(0, NULL, NULL, NULL, &t));
	say("\ttime left: %s", tells_time ? left(&t) : "-");
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

/* --- epoll ----------------------------------------------------------------- */

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
		STEP(wait_for(set, &got, 1, -1));
		say("\tevents %#x for %d, SO_ERROR %d", got.events, (int)got.data.u64,
		    error_of(client));
		STEP(write(client, "ask", 3));
		other = accept(listener, NULL, NULL);
		STEP(read(other, bytes, 8));
		event.events = EPOLLIN | mode;
		STEP(epoll_ctl(set, EPOLL_CTL_MOD, client, &event));
		STEP(wait_for(set, &got, 1, 0));
		STEP(write(other, "answer", 6));
		STEP(wait_for(set, &got, 1, 2000));
		say("\tevents %#x for %d", got.events, (int)got.data.u64);
		STEP(read(client, bytes, 8));
		close(other);
		close(client);
		STEP(wait_for(set, &got, 1, 0));
	}
	close(set);
	close(listener);
}

static void epolls(epoller *wait_for)
{
	struct epoll_event event = { .events = EPOLLIN }, got[4];
	int set = epoll_create1(0);
	struct ends e;

	STEP(wait_for(set, got, 4, 0));
	STEP(wait_for(set, got, 4, 10));
	STEP(wait_for(set, got, 0, 0));
	STEP(wait_for(set, got, -1, 0));
	STEP(wait_for(-1, got, 4, 0));
	STEP(wait_for(0, got, 4, 0));
	alarm_in(5);
	STEP(wait_for(set, got, 4, -1));
	alarm_off();
	if (ends_open(KIND_PIPE, true, &e) && write(e.far, "x", 1) == 1) {
		STEP(epoll_ctl(set, EPOLL_CTL_ADD, e.near, &event));
		STEP(wait_for(set, nowhere, 4, 100));
		STEP(wait_for(set, got, 4, -1));
		say("\tevents %#x", got[0].events);
	}
	ends_close(&e);
	close(set);
	STEP(wait_for(set, got, 4, 0));
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
	return epoll_pwait2(set, e, n, timespec_of(ms), NULL);
}

FRAGMENT(epoll_pwait2)
{
	struct timespec wrong = { 0, -1 };
	struct epoll_event got;
	int set = epoll_create1(0);

	epolls(by_epoll_pwait2);
	STEP(epoll_pwait2(set, &got, 1, &wrong, NULL));
	STEP(epoll_pwait2(set, &got, 1, nowhere, NULL));
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
