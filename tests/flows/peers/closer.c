/* SPDX-License-Identifier: MIT */
/*
 * closer [blocking] [knock] [joined|detached] THEN HOST PORT: after an ordinary request
 * connects without blocking (or blocking), waits until writable, sends "payload THEN"
 * (or nothing), closes at once (all that by a thread, which ends), and THEN
 *
 *	return exit _exit quick_exit exec signal-exit    ends, by that road
 *	epoll poll select sleep read wait                stays for a second, in that
 *call
 *
 * Prints the microseconds that close() took, and how long it stayed.
 */
#include "peer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

static void on_alarm(int number)
{
	(void)number;
	_exit(0);
}

static void stay(const char *then)
{
	struct epoll_event e;
	struct timeval second = { 1, 0 };
	struct pollfd p = { .events = POLLIN };
	int ends[2];
	char c;

	if (pipe(ends))
		fail("pipe");
	p.fd = ends[0];
	if (!strcmp(then, "epoll"))
		epoll_wait(epoll_create1(0), &e, 1, 1000);
	else if (!strcmp(then, "poll"))
		poll(&p, 1, 1000);
	else if (!strcmp(then, "select"))
		select(0, NULL, NULL, NULL, &second);
	else if (!strcmp(then, "sleep"))
		sleep(1);
	else if (fork() == 0)
		usleep(1000000), _exit(0);
	else if (close(ends[1]), !strcmp(then, "read"))
		(void)!read(ends[0], &c, 1);
	else if (!strcmp(then, "wait"))
		wait(NULL);
}

static void end(const char *then)
{
	if (!strcmp(then, "exit"))
		exit(0);
	if (!strcmp(then, "_exit"))
		_exit(0);
	if (!strcmp(then, "quick_exit"))
		quick_exit(0);
	if (!strcmp(then, "exec"))
		execl("/bin/true", "true", NULL);
	if (!strcmp(then, "signal-exit")) {
		signal(SIGALRM, on_alarm);
		raise(SIGALRM);
	}
}

static struct place to;
static char payload[64];
static int blocks, knocks;

/* The request; its end is the thread's, where there is one. */
static void *talk(void *unused)
{
	int fd = new_socket(&to, blocks ? 0 : SOCK_NONBLOCK);
	struct pollfd p = { fd, POLLOUT, 0 };
	long from;

	if (dial(fd, &to) && (blocks || errno != EINPROGRESS))
		fail("connect");
	if (!blocks) {
		poll(&p, 1, -1);
		if ((errno = error_of(fd)))
			fail("connect");
	}
	if (!knocks &&
	    send(fd, payload, strlen(payload), 0) != (ssize_t)strlen(payload))
		fail("send");
	from = now_us();
	close(fd);
	printf("%ld ", now_us() - from);
	fflush(stdout);
	return unused;
}

static void talk_by_thread(int detached)
{
	pthread_t t;

	if (pthread_create(&t, NULL, talk, NULL))
		fail("pthread_create");
	if (detached)
		pthread_detach(t);
	else
		pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	const char *then = argv[argc - 3];
	int joined = 0, detached = 0;
	long from;

	to = place_of(argv[argc - 2], argv[argc - 1]);
	for (int i = 1; i < argc - 3; i++) {
		blocks |= !strcmp(argv[i], "blocking");
		knocks |= !strcmp(argv[i], "knock");
		joined |= !strcmp(argv[i], "joined");
		detached |= !strcmp(argv[i], "detached");
	}
	ask(&to, "prime");
	snprintf(payload, sizeof(payload), "payload %s", then);
	if (joined || detached)
		talk_by_thread(detached);
	else
		talk(NULL);
	end(then);
	from = now_us();
	stay(then);
	printf("%ld\n", now_us() - from);
	return 0;
}
