/* SPDX-License-Identifier: MIT */
/* edge_alone: the kernel changes its mind while a connection is held back: Fast Open is
 * switched off for the whole namespace, or its cookies are gone.  These run alone.  See
 * edge.h. */
#include "edge.h"

#include <signal.h>

/* By calls that nobody sees. */
static void switch_to(const char *value)
{
	long fd = raw(SYS_openat, AT_FDCWD, (long)"/proc/sys/net/ipv4/tcp_fastopen",
		      O_WRONLY);

	say("switched %ld\n", raw(SYS_write, fd, (long)value, 1));
	raw(SYS_close, fd, 0, 0);
}

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

static void alone_switched_off(void)
{
	int fd = connected();

	switch_to("0");
	SAY(send(fd, "off", 3, 0));
	finish(fd);
	switch_to("1");
}

static void alone_switched_off_nonblocking(void)
{
	int fd = connected_nonblocking();

	switch_to("0");
	SAY(send(fd, "off", 3, 0));
	fcntl(fd, F_SETFL, 0);
	finish(fd);
	switch_to("1");
}

static void alone_switched_off_reads(void)
{
	const struct timeval little = { 0, 60000 };
	int fd = connected();
	char c;

	switch_to("0");
	SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
	SAY(recv(fd, &c, 1, 0));
	go_on(fd);
	switch_to("1");
}

static void alone_switched_off_closes(void)
{
	int fd = connected();

	switch_to("0");
	SAY(close(fd));
	switch_to("1");
}

static void alone_switched_off_dprintf(void)
{
	int fd = connected();

	switch_to("0");
	SAY(dprintf(fd, "off"));
	finish(fd);
	switch_to("1");
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
		CASE(alone_switched_off),	   CASE(alone_switched_off_nonblocking),
		CASE(alone_switched_off_reads),	   CASE(alone_switched_off_closes),
		CASE(alone_switched_off_dprintf),  CASE(alone_forgotten),
		CASE(alone_forgotten_nonblocking), CASE(alone_forgotten_reads),
		CASE(alone_forgotten_big),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
