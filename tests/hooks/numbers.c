/* SPDX-License-Identifier: MIT */
/* numbers: descriptors that are doubled, closed and passed on. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __close(int fd) MAYBE;
int __dup2(int from, int to) MAYBE;
int __fcntl(int fd, int command, ...) MAYBE;
int fcntl64(int fd, int command, ...) MAYBE;
int close_range(unsigned int first, unsigned int last, int flags) MAYBE;
void closefrom(int first) MAYBE;

#define FREE_NUMBER 300

/* A connection on which nothing was written yet, on a destination known by now. */
static int connected(int listener, const struct sockaddr_storage *at, socklen_t len)
{
	int client, other;
	char c;

	for (int i = 1; i < rounds(); i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client, (const struct sockaddr *)at, len) ||
		    write(client, "x", 1) != 1)
			say("\tnot connected");
		other = accept(listener, NULL, NULL);
		if (read(other, &c, 1) != 1 || write(other, "y", 1) != 1 ||
		    read(client, &c, 1) != 1)
			say("\tno conversation");
		close(client);
		close(other);
	}
	client = socket(AF_INET, SOCK_STREAM, 0);
	STEP(connect(client, (const struct sockaddr *)at, len));
	return client;
}

static void served(int listener, const char *what)
{
	int other = accept(listener, NULL, NULL);
	char bytes[16] = "";
	ssize_t n = 0, r;

	while ((r = read(other, bytes + n, sizeof(bytes) - 1 - (size_t)n)) > 0)
		n += r;
	bytes[n > 0 ? n : 0] = 0;
	say("\t%s: the server read \"%s\"%s", what, bytes,
	    r < 0 ? strerror(errno) : "");
	close(other);
}

/* f ends the life of a number; what was connected there is seen by its server. */
static void with_connections(void (*f)(int fd))
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), client, copy;

	client = connected(listener, &at, len);
	f(client);
	served(listener, "closed unwritten");
	client = connected(listener, &at, len);
	STEP(write(client, "bytes", 5));
	f(client);
	served(listener, "closed written");
	client = connected(listener, &at, len);
	copy = dup(client);
	f(client);
	STEP(write(copy, "by the copy", 11));
	close(copy);
	served(listener, "closed beside a copy");
	client = connected(listener, &at, len);
	nonblocking(client);
	STEP(write(client, "bytes", 5));
	f(client);
	served(listener, "closed in a hurry");
	close(listener);
}

static void by_close(int fd)
{
	STEP(close(fd));
	STEP(close(fd));
}

FRAGMENT(close)
{
	struct ends e;

	for (enum kind k = 0; k < KINDS; k++)
		if (ends_open(k, true, &e)) {
			by_close(e.near);
			close(e.far);
		}
	STEP(close(-1));
	STEP(close(9999));
	STEP(close(1 << 30));
	with_connections(by_close);
}

static void by_close_too(int fd)
{
	STEP(__close(fd));
	STEP(__close(fd));
}

FRAGMENT(__close)
{
	with_connections(by_close_too);
}

static void by_close_range(int fd)
{
	STEP(dup2(fd, FREE_NUMBER));
	close(fd);
	STEP(close_range(FREE_NUMBER - 5, FREE_NUMBER + 5, 0));
	STEP(fcntl(FREE_NUMBER, F_GETFD));
}

int posix_close(int fd, int flags) __attribute__((weak));

FRAGMENT(posix_close)
{
	struct ends e;
	char c;

	for (enum kind k = KIND_TCP; k <= KIND_UNIX; k++) {
		if (!ends_open(k, false, &e) || write(e.near, "x", 1) != 1)
			continue;
		OWING(posix_close(e.near, 0));
		STEP(read(e.far, &c, 1));
		STEP(read(e.far, &c, 1));
		close(e.far);
	}
	OWING(posix_close(-1, 0));
}

FRAGMENT(close_range)
{
	with_connections(by_close_range);
	STEP(dup2(0, FREE_NUMBER));
	STEP(close_range(FREE_NUMBER, ~0u, 4)); /* CLOSE_RANGE_CLOEXEC */
	STEP(fcntl(FREE_NUMBER, F_GETFD));
	STEP(close_range(5, 4, 0));
	STEP(close_range(FREE_NUMBER, ~0u, 0x70));
	STEP(close_range(FREE_NUMBER, ~0u, 0));
	STEP(fcntl(FREE_NUMBER, F_GETFD));
	STEP(close_range(FREE_NUMBER, FREE_NUMBER, 0));
}

static void by_closefrom(int fd)
{
	STEP(dup2(fd, FREE_NUMBER));
	close(fd);
	closefrom(FREE_NUMBER);
	STEP(fcntl(FREE_NUMBER, F_GETFD));
}

FRAGMENT(closefrom)
{
	with_connections(by_closefrom);
	IN_CHILD(closefrom(-1); _exit(write(1, "", 0) == -1));
}

typedef int doubler(int from, int to);

static void doubles(doubler *over)
{
	struct ends e, f;
	char bytes[16];

	for (enum kind k = 0; k < KINDS; k++) {
		say("    %s", kind_name(k));
		if (!ends_open(k, false, &e))
			continue;
		STEP(over(e.near, FREE_NUMBER));
		STEP(write(FREE_NUMBER, "x", 1));
		STEP(fcntl(FREE_NUMBER, F_GETFD));
		STEP(over(FREE_NUMBER, FREE_NUMBER));
		ends_close(&e);
	}
	STEP(close(FREE_NUMBER));
	STEP(over(FREE_NUMBER, FREE_NUMBER));
	STEP(over(-1, FREE_NUMBER));
	STEP(over(0, -1));
	STEP(over(0, 1 << 30));
	if (!ends_open(KIND_TCP, false, &e) || !ends_open(KIND_UNIX, false, &f))
		return;
	STEP(over(-1, e.near) == -1); /* fails: e.near stays */
	STEP(write(e.near, "here", 4));
	STEP(read(e.far, bytes, 16));
	STEP(over(f.near, e.near) == e.near); /* the old connection is closed */
	STEP(read(e.far, bytes, 16));
	STEP(write(e.near, "there", 5));
	STEP(read(f.far, bytes, 16));
	ends_close(&e);
	ends_close(&f);
}

static void cover(doubler *over, int fd)
{
	int file = file_new();

	STEP(over(file, fd) == fd);
	close(file);
	close(fd);
}

static int by_dup3(int from, int to)
{
	return dup3(from, to, O_CLOEXEC);
}

static void cover2(int fd)
{
	cover(dup2, fd);
}

static void cover3(int fd)
{
	cover(by_dup3, fd);
}

FRAGMENT(dup2)
{
	doubles(dup2);
	with_connections(cover2);
}

FRAGMENT(__dup2)
{
	doubles(__dup2);
}

FRAGMENT(dup3)
{
	doubles(by_dup3);
	with_connections(cover3);
	STEP(dup3(0, FREE_NUMBER, 0x77));
}

/* Another number for a connection: either may speak first, and outlive the other. */
static void copies(int (*copy_of)(int fd))
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);

	for (int first = 0; first < 2; first++) {
		int client = connected(listener, &at, len), copy, other;
		char bytes[8];

		OPENS(copy, copy_of(client));
		STEP(write(first ? copy : client, "one", 3));
		STEP(write(first ? client : copy, "two", 3));
		other = accept(listener, NULL, NULL);
		if (write(other, "ab", 2) != 2)
			say("\tno answer");
		STEP(read(copy, bytes, 1));
		STEP(read(client, bytes, 1));
		close(other);
		close(client);
		STEP(read(copy, bytes, 8) <= 0);
		close(copy);
	}
	close(listener);
}

FRAGMENT(dup)
{
	int fd;

	copies(dup);
	OPENS(fd, dup(-1));
	OPENS(fd, dup(9999));
}

typedef int controller(int fd, int command, ...);

static void controls(controller *f)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = file_new(), copy;
	struct ends e;

	STEP(f(fd, F_GETFD));
	STEP(f(fd, F_SETFD, FD_CLOEXEC));
	STEP(f(fd, F_GETFD));
	STEP(f(fd, F_GETFL) & O_ACCMODE);
	STEP(f(fd, F_DUPFD, FREE_NUMBER));
	STEP(f(FREE_NUMBER, F_GETFD));
	STEP(close(FREE_NUMBER));
	STEP(f(fd, F_DUPFD_CLOEXEC, FREE_NUMBER));
	STEP(f(FREE_NUMBER, F_GETFD));
	STEP(close(FREE_NUMBER));
	OPENS(copy, f(fd, F_DUPFD, -1));
	STEP(f(fd, F_SETLK, &lock));
	STEP(f(fd, F_SETLKW, &lock));
	STEP(f(fd, F_GETLK, &lock));
	lock.l_type = F_UNLCK;
	STEP(f(fd, F_SETLK, &lock));
	lock.l_type = F_WRLCK;
	lock.l_pid = 0;
	STEP(f(fd, F_OFD_SETLKW, &lock));
	say("\tlock type %d", lock.l_type);
	STEP(f(fd, F_GETLK, nowhere));
	STEP(f(fd, 7777, 0));
	close(fd);
	STEP(f(fd, F_GETFD));
	STEP(f(-1, F_DUPFD, 0));
	if (ends_open(KIND_TCP, true, &e)) {
		STEP(f(e.near, F_SETFL, O_NONBLOCK));
		STEP(f(e.near, F_GETFL));
	}
	ends_close(&e);
}

static int by_fcntl(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, FREE_NUMBER);
}

FRAGMENT(fcntl)
{
	controls(fcntl);
	copies(by_fcntl);
}

FRAGMENT(__fcntl)
{
	controls(__fcntl);
}

static int by_fcntl64(int fd)
{
	return fcntl64(fd, F_DUPFD, FREE_NUMBER);
}

FRAGMENT(fcntl64)
{
	controls(fcntl64);
	copies(by_fcntl64);
}

/* A connection leaves in a message, before anything was written to it. */
FRAGMENT(rights)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), client = connected(listener, &at, len),
	    got = -1;
	char byte = 'r', room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct ends e;

	if (!ends_open(KIND_UNIX, false, &e))
		return;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &client, sizeof(int));
	STEP(sendmsg(e.near, &m, 0));
	close(client);
	STEP(recvmsg(e.far, &m, 0));
	c = CMSG_FIRSTHDR(&m);
	if (c)
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	STEP(write(got, "from afar", 9));
	close(got);
	served(listener, "passed on");
	ends_close(&e);
	close(listener);
}
