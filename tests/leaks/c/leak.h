/* SPDX-License-Identifier: MIT */
/*
 * What the programs here share: how they are told whether to forget, how they wait to
 * be looked at, a listener to talk to. Nothing in here leaves a socket open by itself.
 */
#ifndef LEAK_H
#define LEAK_H

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A function with a frame and a name of its own, whatever the optimizer thinks of it.
 */
#if defined __has_attribute && __has_attribute(noipa)
#define FRAME __attribute__((noipa, unused))
#else
#define FRAME __attribute__((noinline, unused))
#endif

static bool leaky; /* else the twin, that closes what it opened */
static volatile sig_atomic_t told_to_end;

FRAME static void on_term(int number)
{
	told_to_end = number;
}

/* begin: NAME leaky|clean */
FRAME static void begin(int argc, char **argv)
{
	static struct sigaction end; /* no SA_RESTART: read() ends */

	if (argc < 2 || (strcmp(argv[1], "leaky") && strcmp(argv[1], "clean")))
		errx(2, "usage: %s leaky|clean", argv[0]);
	leaky = argv[1][0] == 'l';
	end.sa_handler = on_term;
	sigaction(SIGTERM, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* until_told: until a line or the end of the input, or SIGTERM */
FRAME static void until_told(void)
{
	char c;

	while (!told_to_end && read(0, &c, 1) < 0 && errno == EINTR)
		;
}

FRAME static void ready(void)
{
	puts("ready");
	fflush(stdout);
	until_told();
}

/* apart: in a child, which then waits as we do; its pid, once it is there */
FRAME static pid_t apart(void (*in_child)(void))
{
	int up[2];
	pid_t pid;
	char c;

	if (pipe(up) || (pid = fork()) < 0)
		err(1, "fork");
	if (pid == 0) {
		close(up[0]);
		in_child();
		close(up[1]);
		until_told();
		exit(0);
	}
	close(up[1]);
	while (read(up[0], &c, 1) < 0 && errno == EINTR)
		;
	close(up[0]);
	printf("child %d\n", (int)pid);
	return pid;
}

/* reap: how the child ended, for the one who looks */
FRAME static void reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "waitpid");
	printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

FRAME static void address_of(int fd, struct sockaddr_in *ret_at)
{
	socklen_t len = sizeof(*ret_at);

	if (getsockname(fd, (struct sockaddr *)ret_at, &len))
		err(1, "getsockname");
}

/* listen_here: at a free port of the loopback */
FRAME static int listen_here(struct sockaddr_in *ret_at)
{
	static struct sockaddr_in at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64))
		err(1, "listen");
	address_of(fd, ret_at);
	return fd;
}

/* nobody_there: an address that refuses */
FRAME static struct sockaddr_in nobody_there(void)
{
	struct sockaddr_in at;
	int fd = listen_here(&at);

	close(fd);
	return at;
}

FRAME static void connect_to(int fd, const struct sockaddr_in *at)
{
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)))
		err(1, "connect");
}

FRAME static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), 0) < 0)
		err(1, "send");
}

#endif
