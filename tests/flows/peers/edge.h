/* SPDX-License-Identifier: MIT */
/*
 * edge: what the programs edge_* share.  After two ordinary requests they connect once
 * more and then do what programs rarely do first on a connection.  Every call, its
 * result and its errno are said on stdout; on stderr 1 for a connect() whose SYN the
 * kernel holds back, 0 for any other.
 *
 *	edge_* CASE HOST PORT
 *	edge_* list              its cases
 *	edge_* child FD          what the others execute
 *
 * What is said leaves by the system call itself: between the calls of a case nothing
 * else happens.
 */
#ifndef EDGE_H
#define EDGE_H

#include "newer.h"
#include "peer.h"

#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct place to;
static char self[512];
static void *volatile bad_pointer UNUSED = (void *)8;
static volatile size_t far_too_long UNUSED = (size_t)-1;

#define BAD bad_pointer
#define BIG (1 << 20)

static long raw5(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return r;
#else
	return syscall(number, a, b, c, d, e);
#endif
}

static long raw(long number, long a, long b, long c)
{
	return raw5(number, a, b, c, 0, 0);
}

__attribute__((format(printf, 2, 3))) static void say_to(int out, const char *format,
							 ...)
{
	char line[512];
	int was = errno, n;
	va_list args;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	raw(SYS_write, out, (long)line, n < (int)sizeof(line) ? n : (int)sizeof(line));
	errno = was;
}

#define say(...) say_to(1, __VA_ARGS__)

static long said(const char *what, long r)
{
	say("%s = %ld%s%s\n", what, r, r == -1 ? " " : "",
	    r == -1 ? strerror(errno) : "");
	return r;
}

#define SAY(call) said(#call, (long)(call))

/* Says whether its SYN is held back: the kernel is connecting, but has sent nothing. */
static UNUSED void say_held(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	raw5(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&info, (long)&len);
	say_to(2, "%d\n", info.tcpi_state == TCP_SYN_SENT && !info.tcpi_unacked);
}

static UNUSED int dial_held(int fd)
{
	int r = dial(fd, &to);

	say_held(fd);
	return (int)said("connect", r);
}

static UNUSED int connected_to(int flags)
{
	int fd = new_socket(&to, flags);

	dial_held(fd);
	return fd;
}

static UNUSED int connected(void)
{
	return connected_to(0);
}

static int writable(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, -1) == 1 && p.revents == POLLOUT;
}

static UNUSED int connected_nonblocking(void)
{
	int fd = connected_to(SOCK_NONBLOCK);

	SAY(writable(fd));
	SAY(error_of(fd));
	return fd;
}

static UNUSED void hear(int fd)
{
	char bytes[4096];
	size_t n = 0;
	ssize_t k = 0;

	while (n < sizeof(bytes) && (k = read(fd, bytes + n, sizeof(bytes) - n)) > 0)
		n += (size_t)k;
	said("end", k);
	say("heard %.*s\n", (int)n, bytes);
}

static UNUSED void finish(int fd)
{
	SAY(shutdown(fd, SHUT_WR));
	hear(fd);
	SAY(close(fd));
}

static UNUSED void wait_child(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	say("child ended with %x\n", status);
}

/* After what should have changed nothing. */
static UNUSED void go_on(int fd)
{
	SAY(send(fd, "good", 4, 0));
	finish(fd);
}

struct edge_case {
	const char *name;
	void (*run)(void);
};

#define CASE(name) \
	{ \
#name, name \
	}

static int child(int fd)
{
	SAY(send(fd, "executed", 8, 0));
	finish(fd);
	return 7;
}

static UNUSED int edge_main(int argc, char **argv, const struct edge_case *cases,
			    size_t n)
{
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		fail("readlink");
	if (argc == 3)
		return child(atoi(argv[2]));
	if (argc == 4) {
		to = place_of(argv[2], argv[3]);
		ask(&to, "prime");
		ask(&to, "prime");
	}
	for (size_t i = 0; i < n; i++)
		if (argc == 2)
			printf("%s\n", cases[i].name);
		else if (!strcmp(cases[i].name, argv[1]))
			cases[i].run();
	return 0;
}

#endif
