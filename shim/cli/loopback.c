/* SPDX-License-Identifier: MIT */
/*
 * loopback: proves whether the kernel does Fast Open in this network namespace, by
 * doing it: a listener of our own and connections to it over 127.0.0.1, each wait
 * bounded. What the answer means is left to doctor.
 */
#include "cli/cli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 1000
#define SYN_DATA 32 /* TCPI_OPT_SYN_DATA, for which musl has no name */

static int wait_for(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int got = poll(&wait, 1, PATIENCE_MS);

	if (got < 0)
		return -errno;
	return got ? 0 : -ETIMEDOUT;
}

static int open_listener(struct sockaddr_in *ret_at)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int queue = 16, err;

	if (fd < 0)
		return -errno;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* Without the server bit this succeeds too and does nothing. */
	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, queue) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_at = at;
	return fd;
}

/* The byte is read on the other side first: by then the kernel has made up its mind. */
static int take_byte(int listener)
{
	char byte;
	int err = wait_for(listener, POLLIN), fd;

	if (err)
		return err;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = wait_for(fd, POLLIN);
	if (!err && read(fd, &byte, 1) != 1)
		err = -EIO;
	close(fd);
	return err;
}

static int send_byte(int fd, const struct sockaddr_in *to)
{
	ssize_t sent = sendto(fd, "t", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
			      (const struct sockaddr *)to, sizeof(*to));
	int err;

	if (sent < 0 && errno == EOPNOTSUPP)
		/* The client bit is off: see that plain connections work at least. */
		sent = connect(fd, (const struct sockaddr *)to, sizeof(*to));
	if (sent < 0 && errno != EINPROGRESS)
		return -errno;
	if (sent == 1)
		return 0;
	/* No cookie yet: the kernel asks for one and takes the byte afterwards. */
	err = wait_for(fd, POLLOUT);
	if (err)
		return err;
	return send(fd, "t", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int connect_once(int listener, const struct sockaddr_in *to)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = send_byte(fd, to);
	if (!err)
		err = take_byte(listener);
	if (!err && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		err = -errno;
	close(fd);
	return err ? err : (info.tcpi_options & SYN_DATA) != 0;
}

int loopback_prove(void)
{
	struct sockaddr_in at;
	int listener = open_listener(&at), answer;

	if (listener < 0)
		return listener;
	answer = connect_once(listener, &at);
	if (answer >= 0)
		answer = connect_once(listener, &at);
	close(listener);
	return answer;
}
