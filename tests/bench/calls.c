/* SPDX-License-Identifier: MIT */
/*
 * calls send|recv|read|write|close quiet|busy: makes one call CALLS times, inside the
 * function `counted`, for callgrind to count its instructions.  The descriptor has
 * nothing pending: either nothing in the process has (quiet), or another connection
 * waits for its answer (busy).
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS 200

static int fds[CALLS + 1];
static char byte;

/* Both ends of a connection over loopback. */
static void connection(int ends[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) ||
	    listen(listener, 1) || getsockname(listener, (struct sockaddr *)&at, &len))
		err(1, "listen");
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (ends[0] < 0 || connect(ends[0], (struct sockaddr *)&at, len))
		err(1, "connect");
	ends[1] = accept(listener, NULL, NULL);
	if (ends[1] < 0)
		err(1, "accept");
	close(listener);
}

static void call_send(int i)
{
	(void)i;
	send(fds[CALLS], &byte, 1, 0);
}

static void call_recv(int i)
{
	(void)i;
	recv(fds[CALLS], &byte, 1, 0);
}

static void call_read(int i)
{
	(void)i;
	if (read(fds[CALLS], &byte, 1) != 1)
		err(1, "read");
}

static void call_write(int i)
{
	(void)i;
	if (write(fds[CALLS], &byte, 1) != 1)
		err(1, "write");
}

static void call_close(int i)
{
	close(fds[i]);
}

static const struct {
	const char *name;
	void (*call)(int i);
} calls[] = {
	{ "send", call_send },	 { "recv", call_recv },	  { "read", call_read },
	{ "write", call_write }, { "close", call_close },
};

__attribute__((noinline)) void counted(void (*call)(int i));

void counted(void (*call)(int i))
{
	for (int i = 0; i < CALLS; i++)
		call(i);
}

/* Descriptors to close; the last one is for the first call, which binds. */
static void open_some(void)
{
	for (int i = 0; i <= CALLS; i++)
		if ((fds[i] = dup(0)) < 0)
			err(1, "dup");
}

/* Bytes to read at the other end. */
static void fill(int fd)
{
	static const char bytes[CALLS + 1];

	if (send(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		err(1, "send");
}

int main(int argc, char **argv)
{
	int ends[2], other[2];

	if (argc != 3)
		errx(2, "usage: calls send|recv|read|write|close quiet|busy");
	open_some();
	connection(ends);
	fill(ends[0]);
	fill(ends[1]);
	recv(ends[0], &byte, 1, 0); /* now this connection has had its answer */
	if (strcmp(argv[2], "busy") == 0) {
		connection(other);
		send(other[0], &byte, 1, 0);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, argv[1]))
			continue;
		if (calls[i].call != call_close)
			fds[CALLS] = ends[1];
		calls[i].call(CALLS);
		counted(calls[i].call);
		return 0;
	}
	errx(2, "no such call: %s", argv[1]);
}
