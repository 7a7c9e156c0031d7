/* SPDX-License-Identifier: MIT */
/* edge_number: other numbers for the connection, and its number for something else. See
 * edge.h. */
#include "edge.h"

static void dup_write(void)
{
	int fd = connected(), other = dup(fd);

	SAY(write(other, "dup", 3));
	SAY(shutdown(fd, SHUT_WR));
	hear(fd);
	SAY(close(other));
	SAY(close(fd));
}

static void dup_close(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close(other));
	SAY(write(fd, "fd", 2));
	finish(fd);
}

static void dup_close_first(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close(fd));
	SAY(write(other, "other", 5));
	finish(other);
}

static void dup2_write(void)
{
	int fd = connected();

	SAY(dup2(fd, 50));
	SAY(close(fd));
	SAY(write(50, "fifty", 5));
	finish(50);
}

static void dup3_write(void)
{
	int fd = connected();

	SAY(dup3(fd, 50, O_CLOEXEC));
	SAY(write(50, "fifty", 5));
	SAY(write(fd, "three", 5));
	SAY(close(50));
	finish(fd);
}

static void dup2_itself(void)
{
	int fd = connected();

	SAY(dup2(fd, fd));
	SAY(dup3(fd, fd, 0));
	SAY(write(fd, "same", 4));
	finish(fd);
}

static void fcntl_dup(void)
{
	int fd = connected(), other = fcntl(fd, F_DUPFD, 60);

	SAY(other);
	SAY(write(other, "sixty", 5));
	SAY(close(other));
	finish(fd);
}

static void dup2_over(void)
{
	int fd = connected(), ends[2];
	char c[4];

	if (pipe(ends))
		fail("pipe");
	SAY(dup2(ends[1], fd));
	SAY(write(fd, "pipe", 4));
	SAY(read(ends[0], c, 4));
	SAY(close(fd));
}

static void dup2_over_fails(void)
{
	int fd = connected();

	SAY(dup2(777, fd));
	SAY(write(fd, "still", 5));
	finish(fd);
}

static void close_reused(void)
{
	int fd = connected(), other;

	SAY(close(fd));
	other = socket(AF_INET, SOCK_DGRAM, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "udp", 3, 0));
	SAY(close(other));
	SAY(close(other));
}

static void raw_close_file(void)
{
	char name[] = "/tmp/edge.XXXXXX", c[8];
	int fd = connected(), other;

	raw(SYS_close, fd, 0, 0);
	other = mkstemp(name);
	unlink(name);
	say("same number %d\n", other == fd);
	SAY(write(other, "file", 4));
	SAY(lseek(other, 0, SEEK_SET));
	SAY(read(other, c, 8));
	SAY(close(other));
}

static void raw_close_udp(void)
{
	int fd = connected(), other;
	char c;

	raw(SYS_close, fd, 0, 0);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "udp", 3, 0));
	SAY(recv(other, &c, 1, MSG_DONTWAIT));
	SAY(shutdown(other, SHUT_WR));
	SAY(close(other));
}

static void raw_close_tcp(void)
{
	int fd = connected(), other;

	raw(SYS_close, fd, 0, 0);
	other = new_socket(&to, 0);
	say("same number %d\n", other == fd);
	SAY(send(other, "early", 5, MSG_NOSIGNAL));
	SAY(dial(other, &to));
	SAY(send(other, "other", 5, 0));
	finish(other);
}

static void raw_close_pair(void)
{
	int fd = connected(), ends[2];
	char c[8];

	raw(SYS_close, fd, 0, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	say("same number %d\n", ends[0] == fd);
	SAY(send(ends[0], "pair", 4, 0));
	SAY(recv(ends[1], c, 8, 0));
	SAY(close(ends[0]));
	SAY(recv(ends[1], c, 8, 0));
}

static void raw_close_closed(void)
{
	int fd = connected();
	char c;

	raw(SYS_close, fd, 0, 0);
	SAY(send(fd, "gone", 4, 0));
	SAY(recv(fd, &c, 1, 0));
	SAY(dial(fd, &to));
	SAY(close(fd));
}

static void bulk_close(void)
{
	int fd = connected(), other = dup(fd);

	SAY(close_range((unsigned int)fd, (unsigned int)other, 0));
	SAY(close(fd));
}

static void bulk_close_all(void)
{
	int fd = connected_nonblocking();

	SAY(send(fd, "bulk", 4, 0));
	closefrom(3);
	SAY(close(fd));
}

int main(int argc, char **argv)
{
	static const struct edge_case cases[] = {
		CASE(dup_write),     CASE(dup_close),	   CASE(dup_close_first),
		CASE(dup2_write),    CASE(dup3_write),	   CASE(dup2_itself),
		CASE(fcntl_dup),     CASE(dup2_over),	   CASE(dup2_over_fails),
		CASE(close_reused),  CASE(raw_close_file), CASE(raw_close_udp),
		CASE(raw_close_tcp), CASE(raw_close_pair), CASE(raw_close_closed),
		CASE(bulk_close),    CASE(bulk_close_all),
	};

	return edge_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
