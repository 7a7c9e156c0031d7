/* SPDX-License-Identifier: MIT */
/*
 * early: a library whose constructor runs the fragments, before main and, as the runner
 * loads it, before the constructor of the object under test.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "frames.h"

/* The object's constructor makes listeners Fast Open ones: has it run yet? */
static void say_who_is_first(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), qlen = -1;
	socklen_t len = sizeof(qlen);

	listen(fd, 1);
	getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &qlen, &len);
	say("early: a listener's queue for Fast Open is %d", qlen);
	close(fd);
}

__attribute__((constructor)) static void early(void)
{
	const char *only = getenv("HOOKS_EARLY"), *rest = getenv("HOOKS_LIB");

	if (!only)
		return;
	unsetenv("HOOKS_EARLY"); /* not in the programs that the fragments start */
	if (rest)
		setenv("LD_PRELOAD", rest, 1);
	else
		unsetenv("LD_PRELOAD");
	signal(SIGPIPE, SIG_IGN);
	say_who_is_first();
	fragments_run(*only ? only : NULL);
}
