/* SPDX-License-Identifier: MIT */
/*
 * sleep: what the programs sleep_* share: programs that wrote first the last time, and
 *this time connect and then sleep, in one WAY of many, until they are released. Whoever
 *holds the other end of stdin writes one byte there when the server has seen the
 *connection; a helper, a process forked at the very start, turns that into whatever
 *ends the sleep.
 *
 *	sleep_* WAY HOST PORT   prints the microseconds that connect() took, and then
 *the answer to a request sleep_* list            all ways
 */
#ifndef SLEEP_H
#define SLEEP_H

#include "peer.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#define LONG_S 30 /* longer than anybody waits for the test */

enum how {
	SIGNAL_BLOCKED = 1,
	BY_THREAD_END = 2,  /* another thread connects, and returns ... */
	BY_THREAD_EXIT = 4, /* ... or calls pthread_exit() */
	STDIN = 8,	    /* no helper: the byte on stdin ends the sleep itself */
	SLEEPER_HOLDS = 16, /* hold() is for the sleeper, not the helper */
};

struct way {
	const char *name;
	void (*sleep)(void);
	void (*hold)(void);    /* by the helper, before the sleeper connects */
	void (*release)(void); /* by the helper */
	int how;
};

/* What the sleeper and its helper share. */
static struct shared {
	_Atomic int helper_ready, sleep_ended;
} * shared;
static pid_t helper UNUSED, sleeper;
static volatile int connected_fd = -1;
static volatile long took_us;
static struct place to;

static void *shared_memory(size_t n)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void connect_now(void)
{
	int fd = new_socket(&to, 0);
	long from = now_us();

	if (dial(fd, &to))
		fail("connect");
	took_us = now_us() - from;
	connected_fd = fd;
}

static void *connect_and_return(void *unused)
{
	connect_now();
	return unused;
}

static void *connect_and_exit(void *unused)
{
	connect_now();
	pthread_exit(unused);
}

static pthread_t thread_of(void *(*f)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, f, NULL))
		fail("pthread_create");
	return t;
}

static void on_signal(int number)
{
	(void)number;
}

static UNUSED sigset_t usr1(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return set;
}

static UNUSED const struct timespec *long_after(clockid_t clock)
{
	static struct timespec until;

	clock_gettime(clock, &until);
	until.tv_sec += LONG_S;
	return &until;
}

static UNUSED void one_byte(ssize_t n)
{
	if (n < 1)
		fail("nothing read");
}

static void help(const struct way *w)
{
	char c;

	if (w->hold && !(w->how & SLEEPER_HOLDS))
		w->hold();
	shared->helper_ready = 1;
	if (read(0, &c, 1) == 1)
		w->release();
	/* what it holds it keeps until the sleeper has ended */
	while (getppid() == sleeper)
		usleep(10000);
	_exit(0);
}

static void connect_and_sleep(const struct way *w)
{
	sigset_t set = usr1();
	struct sigaction how = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &how, NULL);
	if (w->how & SIGNAL_BLOCKED)
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (w->how & SLEEPER_HOLDS)
		w->hold();
	if (w->how & BY_THREAD_END)
		thread_of(connect_and_return);
	else if (w->how & BY_THREAD_EXIT)
		thread_of(connect_and_exit);
	else
		connect_now();
	w->sleep();
	shared->sleep_ended = 1;
}

static const struct way *find_way(const char *name, const struct way *ways, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

/* make() and unmake() provide what the ways need. */
static int sleep_main(int argc, char **argv, const struct way *ways, size_t n,
		      void (*make)(void), void (*unmake)(void))
{
	const struct way *w = find_way(argv[1], ways, n);
	char reply[64];
	ssize_t k;

	for (size_t i = 0; argc == 2 && i < n; i++)
		printf("%s\n", ways[i].name);
	if (argc == 2 || !w)
		return argc == 2 ? 0 : 2;
	to = place_of(argv[2], argv[3]);
	sleeper = getpid();
	shared = shared_memory(sizeof(*shared));
	make();
	if (!(w->how & STDIN)) {
		helper = fork();
		if (helper == 0)
			help(w);
		while (!shared->helper_ready)
			usleep(1000);
	}
	ask(&to, "prime");
	ask(&to, "prime");
	connect_and_sleep(w);
	send_all(connected_fd, "ping", 4);
	k = recv(connected_fd, reply, sizeof(reply), 0);
	printf("%ld %.*s\n", took_us, k > 0 ? (int)k : 0, reply);
	unmake();
	return 0;
}

#endif
