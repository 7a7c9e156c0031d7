/* SPDX-License-Identifier: MIT */
/* asks: what is asked of a socket, and told to it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "frames.h"

/* A question put to each kind of end, and to a connection nothing was written to yet.
 */
static void ask_all(void (*ask)(int fd))
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), other;
	struct ends e;
	char c;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		ask(e.near);
		ends_close(&e);
	}
	for (int i = 0; i < rounds(); i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		say("    just connected");
		STEP(connect(client, (struct sockaddr *)&at, len));
		if (i == rounds() - 1)
			ask(client);
		STEP(write(client, "x", 1));
		other = accept(listener, NULL, NULL);
		STEP(read(other, &c, 1));
		STEP(write(other, "y", 1));
		STEP(read(client, &c, 1));
		close(client);
		close(other);
	}
	close(listener);
	say("    no descriptor");
	ask(-1);
}

static void ask_peer(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);

	STEP(getpeername(fd, (struct sockaddr *)&from, &len));
	say("\tan address of %d bytes", (int)len);
	len = 6;
	STEP(getpeername(fd, (struct sockaddr *)&from, &len));
	say("\tan address of %d bytes", (int)len);
	len = 0;
	STEP(getpeername(fd, NULL, &len));
	len = (socklen_t)-1;
	STEP(getpeername(fd, (struct sockaddr *)&from, &len));
	STEP(getpeername(fd, (struct sockaddr *)&from, nowhere));
	len = sizeof(from);
	STEP(getpeername(fd, nowhere, &len));
}

FRAGMENT(getpeername)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ask_all(ask_peer);
	ask_peer(fd);
	close(fd);
}

static void ask_options(int fd)
{
	struct tcp_info info = { 0 };
	int value = -1;
	socklen_t len = sizeof(value);

	STEP(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
	say("\t%d", value);
	STEP(error_of(fd));
	len = sizeof(info);
	STEP(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("\tstate %d, mss %s", info.tcpi_state,
	    info.tcpi_snd_mss > 100 ? "large" : "small");
	len = sizeof(value);
	STEP(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	len = 1;
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &len));
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, nowhere, &len));
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, nowhere));
	STEP(getsockopt(fd, SOL_SOCKET, 9999, &value, &len));
	STEP(getsockopt(fd, 9999, 1, &value, &len));
}

FRAGMENT(getsockopt)
{
	ask_all(ask_options);
}

static void set_options(int fd)
{
	int one = 1;

	STEP(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	STEP(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	STEP(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, 1));
	STEP(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, nowhere, sizeof(one)));
	STEP(setsockopt(fd, SOL_SOCKET, 9999, &one, sizeof(one)));
	STEP(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &one, sizeof(one)));
}

FRAGMENT(setsockopt)
{
	ask_all(set_options);
}

static void shut(int fd)
{
	STEP(shutdown(fd, 99));
	STEP(shutdown(fd, SHUT_RD));
}

FRAGMENT(shutdown)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), fd;
	char bytes[8];

	ask_all(shut);
	for (int i = 0; i < rounds() * 2; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), other;

		STEP(connect(client, (struct sockaddr *)&at, len));
		if (i % 2 == 0)
			STEP(write(client, "ask", 3));
		STEP(shutdown(client, SHUT_WR));
		STEP(write(client, "late", 4));
		other = accept(listener, NULL, NULL);
		STEP(read(other, bytes, 8));
		STEP(read(other, bytes, 8));
		STEP(write(other, "!", 1));
		STEP(read(client, bytes, 8));
		close(other);
		close(client);
	}
	close(listener);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(shutdown(fd, SHUT_WR));
	close(fd);
}
