/* SPDX-License-Identifier: MIT */
/* edge_alone: the kernel's cookies are gone while a connection is held back.  These run
 * alone.  See edge.h. */
#include "edge.h"

#include <signal.h>

/* By calls that nobody sees. */
static void forget_cookies(void)
{
	char *words[] = { "ip", "tcp_metrics", "flush", NULL }, *none[] = { NULL };
	static const char *const paths[] = { "/usr/sbin/ip", "/sbin/ip", "/bin/ip" };
	long child = raw(SYS_clone, SIGCHLD, 0, 0);
	int status = -1;

	if (child == 0) {
		for (int i = 0; i < 3; i++)
			raw(SYS_execve, (long)paths[i], (long)words, (long)none);
		raw(SYS_exit_group, 127, 0, 0);
	}
	raw5(SYS_wait4, child, (long)&status, 0, 0, 0);
	say("forgotten %x\n", status);
}

static void alone_forgotten(void)
{
	int fd = connected();

	forget_cookies();
	SAY(send(fd, "forgotten", 9, 0));
	finish(fd);
}

static void alone_forgotten_nonblocking(void)
{
	int fd = connected_nonblocking();

	forget_cookies();
	SAY(send(fd, "forgotten", 9, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

static void alone_forgotten_reads(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = connected();
	char c;

	forget_cookies();
	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	SAY(recv(fd, &c, 1, 0));
	go_on(fd);
}

static void alone_forgotten_big(void)
{
	char *bytes = calloc(1, BIG);
	int fd = connected();

	forget_cookies();
	SAY(write(fd, bytes, BIG));
	finish(fd);
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(alone_forgotten),
		CASE(alone_forgotten_nonblocking),
		CASE(alone_forgotten_reads),
		CASE(alone_forgotten_big),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
