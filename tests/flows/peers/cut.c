/* SPDX-License-Identifier: MIT */
/*
 * cut WAY HOST PORT: after two ordinary requests a third that is closed at once after
 * its write (or, for "promised", one that was told it may write and does not); then,
 * in that way, a sleep that the only signal of a timer ends.  Prints what the sleep
 * said, and on stderr its milliseconds.
 */
#include "peer.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#define SIGNAL_US 20000
#define LONG_S 3

static struct place to;
static int two[2], listener, other;
static pid_t child;

static void nothing(int number)
{
	(void)number;
}

static int writable(void)
{
	int fd = new_socket(&to, SOCK_NONBLOCK);
	struct pollfd p = { fd, POLLOUT, 0 };

	if (dial(fd, &to) && errno != EINPROGRESS)
		fail("connect");
	if (poll(&p, 1, -1) != 1)
		fail("poll");
	return fd;
}

static int c_pause(void)
{
	return pause();
}

static int c_nanosleep(void)
{
	struct timespec t = { LONG_S, 0 };

	return nanosleep(&t, NULL);
}

static int c_read(void)
{
	char c;

	return (int)read(two[0], &c, 1);
}

static int c_recv(void)
{
	char c;

	return (int)recv(other, &c, 1, 0);
}

static int c_accept(void)
{
	return accept(listener, NULL, NULL);
}

static int c_waitpid(void)
{
	return waitpid(child, NULL, 0);
}

static int c_poll(void)
{
	struct pollfd p = { two[0], POLLIN, 0 };

	return poll(&p, 1, LONG_S * 1000);
}

static const struct {
	const char *name;
	int (*sleep)(void);
} ways[] = {
	{ "pause", c_pause },	{ "nanosleep", c_nanosleep }, { "read", c_read },
	{ "recv", c_recv },	{ "accept", c_accept },	      { "waitpid", c_waitpid },
	{ "promised", c_poll },
};

static void make(void)
{
	char reply[64];

	if (pipe(two))
		fail("pipe");
	listener = new_socket(&to, 0);
	if (listen(listener, 5))
		fail("listen");
	ask(&to, "prime");
	other = new_socket(&to, 0);
	if (dial(other, &to))
		fail("connect");
	send_all(other, "other", 5);
	if (recv(other, reply, sizeof(reply), 0) <= 0)
		fail("recv");
	child = fork();
	if (!child) {
		sleep(LONG_S);
		_exit(0);
	}
}

/* Told that it may write, and then it looks elsewhere. */
static void promise(void)
{
	struct pollfd p = { two[0], POLLIN, 0 };

	writable();
	poll(&p, 1, 2);
}

static void write_and_close(void)
{
	int fd = writable();

	send_all(fd, "bye", 3);
	close(fd);
}

int main(int argc, char **argv)
{
	struct itimerval once = { { 0, 0 }, { 0, SIGNAL_US } };
	struct sigaction how = { .sa_handler = nothing };
	long from;
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		printf("%s\n", ways[i].name);
	if (argc == 2)
		return 0;
	for (i = 0; strcmp(ways[i].name, argv[1]); i++)
		;
	to = place_of(argv[2], argv[3]);
	make();
	!strcmp(argv[1], "promised") ? promise() : write_and_close();
	sigaction(SIGALRM, &how, NULL);
	setitimer(ITIMER_REAL, &once, NULL);
	from = now_us();
	if (ways[i].sleep() < 0)
		printf("%s: %s\n", argv[1], strerror(errno));
	else
		printf("%s: no error\n", argv[1]);
	fprintf(stderr, "%ld\n", (now_us() - from) / 1000);
	kill(child, SIGKILL);
	return 0;
}
