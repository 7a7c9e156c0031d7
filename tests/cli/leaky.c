/* SPDX-License-Identifier: MIT */
/*
 * leaky: a program that leaves sockets open as it is told: by its arguments, then says
 * "ready", then by the lines of its stdin, each answered by "ok".
 *
 *   tcp N       sockets that are never connected      served N    connections, accepted
 *   left N      ... whose other side has closed       raw N       closed past libc
 *   close N     the last ones, as one should          twice       one is closed twice
 *   alone       the first thread ends, others go on
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PLACE __attribute__((noinline, noclone))

static struct sockaddr_in here;
static int listener = -1, last = -1;

PLACE static void make_tcp(void)
{
	last = socket(AF_INET, SOCK_STREAM, 0); /* TCP */
	if (last < 0)
		exit(3);
}

PLACE static int make_connection(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* CONNECTION */

	if (fd < 0 || connect(fd, (struct sockaddr *)&here, sizeof(here)))
		exit(3);
	return fd;
}

PLACE static int take_connection(void)
{
	int fd = accept(listener, NULL, NULL); /* ACCEPTED */

	if (fd < 0)
		exit(3);
	return fd;
}

/* The listener is of this process, and closed again. */
static void connected(int n, int left)
{
	socklen_t len = sizeof(here);

	here.sin_family = AF_INET;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	here.sin_port = 0;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&here, len) || listen(listener, 128) ||
	    getsockname(listener, (struct sockaddr *)&here, &len))
		exit(3);
	while (n--) {
		last = make_connection();
		if (left)
			close(take_connection());
		else
			take_connection();
	}
	close(listener);
}

PLACE static void close_twice(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	close(fd);
	close(fd); /* TWICE */
}

static void do_one(const char *what, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(what, "tcp"))
			make_tcp();
		else if (!strcmp(what, "close"))
			close(last--);
		else if (!strcmp(what, "raw")) {
			long ret = SYS_close;

#if defined(__x86_64__)
			__asm__ volatile("syscall"
					 : "+a"(ret)
					 : "D"((long)last--)
					 : "rcx", "r11", "memory");
#else
			register long x8 __asm__("x8") = SYS_close;
			register long x0 __asm__("x0") = last--;

			__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
			ret = x0;
#endif
			if (ret)
				exit(3);
		}
	if (!strcmp(what, "served") || !strcmp(what, "left"))
		connected(n, *what == 'l');
	if (!strcmp(what, "twice"))
		close_twice();
}

static void *serve(void *unused)
{
	char line[64], what[16];
	int n;

	(void)unused;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%15s %d", what, &n) != 2)
			exit(4);
		do_one(what, n);
		puts("ok");
		fflush(stdout);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	for (int i = 1; i + 1 < argc; i += 2)
		do_one(argv[i], atoi(argv[i + 1]));
	if (argc % 2)
		serve(NULL);
	pthread_create(&thread, NULL, serve, NULL);
	pthread_exit(NULL);
}
