/* SPDX-License-Identifier: MIT */
/*
 * gate WAY METHOD HOST PORT COUNT: so many connections, one after the other, each with
 * a request of its own, "METHOD /NUMBER ...", whose first bytes leave in that way;
 * n-WAY does so by a nonblocking socket.  Before each stands an ordinary "prime".  gate
 * list prints the ways.  What the calls say is on stdout; on stderr a line for each
 * connection, as in edge.h.
 */
#include "edge.h"

#include <sys/uio.h>

struct request {
	char text[256];
	size_t n, cut; /* its method ends behind cut */
};

/* Goes on where a socket that does not block was full. */
static void write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t k = write(fd, bytes, n);

		if (k < 0 && (errno != EAGAIN || !writable(fd)))
			fail("write");
		if (k > 0)
			bytes += k, n -= (size_t)k;
	}
}

static void whole(int fd, const struct request *r)
{
	SAY(write(fd, r->text, r->n));
}

static void empty(int fd, const struct request *r)
{
	SAY(write(fd, "", 0));
	SAY(send(fd, r->text, r->n, 0));
}

static void two(int fd, const struct request *r)
{
	SAY(write(fd, r->text, r->cut));
	write_all(fd, r->text + r->cut, r->n - r->cut);
}

static void more(int fd, const struct request *r)
{
	SAY(send(fd, r->text, r->cut, MSG_MORE));
	write_all(fd, r->text + r->cut, r->n - r->cut);
}

static void bytes(int fd, const struct request *r)
{
	SAY(write(fd, r->text, 1));
	for (size_t i = 1; i < r->n; i++)
		write_all(fd, r->text + i, 1);
}

static void vector(int fd, const struct request *r)
{
	struct iovec v[] = { { (char *)r->text, r->cut },
			     { (char *)r->text + r->cut, r->n - r->cut } };

	SAY(writev(fd, v, 2));
}

/* In pieces of a byte, with nothing between them. */
static void crumbs(int fd, const struct request *r)
{
	struct iovec v[2 * sizeof(r->text)] = { { "", 0 } };

	for (size_t i = 0; i < r->n; i++)
		v[2 * i + 1] = (struct iovec){ (char *)r->text + i, 1 };
	SAY(writev(fd, v, (int)(2 * r->n)));
}

static void message(int fd, const struct request *r)
{
	struct iovec v[] = { { BAD, 0 },
			     { (char *)r->text, r->cut },
			     { (char *)r->text + r->cut, r->n - r->cut } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };

	SAY(sendmsg(fd, &m, 0));
}

static void messages(int fd, const struct request *r)
{
	struct iovec v[] = { { (char *)r->text, r->cut },
			     { (char *)r->text + r->cut, r->n - r->cut } };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = v, .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = v + 1, .msg_iovlen = 1 } } };
	int sent = sendmmsg(fd, m, 2, 0);

	if (sent < 1 || m[0].msg_len != r->cut)
		fail("sendmmsg");
	if (sent == 1)
		write_all(fd, r->text + r->cut, r->n - r->cut);
}

static const struct {
	const char *name;
	void (*write)(int fd, const struct request *r);
} ways[] = {
	{ "whole", whole },   { "empty", empty },     { "two", two },
	{ "more", more },     { "bytes", bytes },     { "vector", vector },
	{ "crumbs", crumbs }, { "message", message }, { "messages", messages },
};

static void one(const char *way, const char *method, int number)
{
	struct request r = { .cut = strlen(method) / 2 };
	int nonblocking = !strncmp(way, "n-", 2);
	int fd = nonblocking ? connected_nonblocking() : connected();

	r.n = (size_t)snprintf(r.text, sizeof(r.text),
			       "%s /%d HTTP/1.1\r\nHost: a\r\n\r\n", method, number);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(way + 2 * nonblocking, ways[i].name))
			ways[i].write(fd, &r);
	fcntl(fd, F_SETFL, 0);
	finish(fd);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		printf("%s\n", ways[i].name);
	if (argc < 6)
		return argc != 2;
	to = place_of(argv[3], argv[4]);
	ask(&to, "prime");
	for (int i = 0; i < atoi(argv[5]); i++) {
		ask(&to, "prime");
		one(argv[1], argv[2], i);
	}
	return 0;
}
