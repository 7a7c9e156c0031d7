/* SPDX-License-Identifier: MIT */
/*
 * closer [blocking] [knock] THEN HOST PORT: after an ordinary request connects without
 * blocking (or blocking), waits until writable, sends "payload THEN" (or nothing),
 * closes at once, and THEN return exit _exit quick_exit exec signal-exit    ends, by
 * that road epoll poll select sleep read wait               stays for a second, in that
 * call Prints the microseconds that close() took, and how long it stayed.
 */
#include "peer.h"

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

int main(int argc, char **argv)
{
	struct place to = place_of(argv[argc - 2], argv[argc - 1]);
	const char *then = argv[argc - 3];
	int blocks = 0, knocks = 0, fd;
	struct pollfd p = { .events = POLLOUT };
	long from, closed;
	char payload[64];

	for (int i = 1; i < argc - 3; i++) {
		blocks |= !strcmp(argv[i], "blocking");
		knocks |= !strcmp(argv[i], "knock");
	}
	ask(&to, "prime");
	fd = p.fd = new_socket(&to, blocks ? 0 : SOCK_NONBLOCK);
	if (dial(fd, &to) && (blocks || errno != EINPROGRESS))
		fail("connect");
	if (!blocks) {
		poll(&p, 1, -1);
		if ((errno = error_of(fd)))
			fail("connect");
	}
	snprintf(payload, sizeof(payload), "payload %s", then);
	if (!knocks &&
	    send(fd, payload, strlen(payload), 0) != (ssize_t)strlen(payload))
		fail("send");
	from = now_us();
	close(fd);
	closed = now_us();
	printf("%ld ", closed - from);
	fflush(stdout);
	end(then);
	from = now_us();
	stay(then);
	printf("%ld\n", now_us() - from);
	return 0;
}
