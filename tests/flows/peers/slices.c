/* SPDX-License-Identifier: MIT */
/*
 * slices poll|ppoll|select|pselect|epoll|epoll_pwait TIMES HOST PORT: requests that are
 * closed at once after their write, twenty at a time, then one wait without end that a
 * timer's only signal has to interrupt.  Prints how many of TIMES ended by EINTR; a
 * second signal after two seconds counts as lost.
 */
#include "peer.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#define AT_ONCE 20
#define FIRST_US 4000
#define RESCUE_S 2

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

static int wait_by(const char *how, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct epoll_event e = { .events = EPOLLIN };
	fd_set set;
	int in, r;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	if (!strcmp(how, "poll"))
		return poll(&p, 1, -1);
	if (!strcmp(how, "ppoll"))
		return ppoll(&p, 1, NULL, NULL);
	if (!strcmp(how, "select"))
		return select(fd + 1, &set, NULL, NULL, NULL);
	if (!strcmp(how, "pselect"))
		return pselect(fd + 1, &set, NULL, NULL, NULL, NULL);
	in = epoll_create1(0);
	if (in < 0 || epoll_ctl(in, EPOLL_CTL_ADD, fd, &e))
		fail("epoll");
	r = strcmp(how, "epoll") ? epoll_pwait(in, &e, 1, -1, NULL)
				 : epoll_wait(in, &e, 1, -1);
	close(in);
	return r;
}

static void close_at_once(const struct place *to)
{
	int fd = new_socket(to, 0);

	if (dial(fd, to))
		fail("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK); /* its close does not wait for anything */
	send_all(fd, "slice", 5);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction how = { .sa_handler = count };
	struct place to = place_of(argv[3], argv[4]);
	int times = atoi(argv[2]), interrupted = 0, ends[2];

	if (argc != 5 || pipe(ends))
		return 2;
	sigaction(SIGALRM, &how, NULL);
	ask(&to, "prime");
	for (int i = 0; i < times; i++) {
		struct itimerval at = { { RESCUE_S, 0 }, { 0, FIRST_US + 311 * i } };

		for (int n = 0; n < AT_ONCE; n++)
			close_at_once(&to);
		signals = 0;
		setitimer(ITIMER_REAL, &at, NULL);
		if (wait_by(argv[1], ends[0]) < 0 && errno == EINTR && signals == 1)
			interrupted++;
		at = (struct itimerval){ { 0, 0 }, { 0, 0 } };
		setitimer(ITIMER_REAL, &at, NULL);
		if (sigprocmask(SIG_SETMASK, NULL, &how.sa_mask) ||
		    sigismember(&how.sa_mask, SIGALRM) ||
		    sigismember(&how.sa_mask, SIGUSR2))
			interrupted = -times;
	}
	printf("%d\n", interrupted);
	return 0;
}
