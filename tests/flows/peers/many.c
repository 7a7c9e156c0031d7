/* SPDX-License-Identifier: MIT */
/*
 * many WHAT HOST PORT: many connections at once, by one loop.
 *
 *	prime      two ordinary requests
 *	shutdown   thirty: write, shut down, read to the end
 *	wait       ten that may be written to, then a look elsewhere; how long a poll
 *lasts that has no time write      ten, a request in each that may not be repeated
 *	spawn      ten, then posix_spawn
 *	close      three hundred, a write and a close in each; how long the longest took
 *	timeout    one, as programs do that give it a second; then an answer, two
 *seconds
 *
 * Prints the milliseconds that it took.
 */
#include "peer.h"

#include <spawn.h>

#define MOST 300

extern char **environ;
static struct place to;
static struct pollfd p[MOST];

static void open_many(int n)
{
	for (int i = 0; i < n; i++) {
		p[i].fd = new_socket(&to, SOCK_NONBLOCK);
		p[i].events = POLLOUT;
		if (dial(p[i].fd, &to) && errno != EINPROGRESS)
			fail("connect");
	}
}

static void step(struct pollfd *one, int *left)
{
	char bytes[64];
	ssize_t n;

	if (one->revents & POLLOUT) {
		if (write(one->fd, "hello", 5) != 5 || shutdown(one->fd, SHUT_WR))
			fail("write");
		one->events = POLLIN;
		return;
	}
	n = read(one->fd, bytes, sizeof(bytes));
	if (n < 0 && errno != EAGAIN)
		fail("read");
	if (n == 0) {
		close(one->fd);
		one->fd = -1;
		--*left;
	}
}

static long do_shutdown(void)
{
	int left = 30;
	long from;

	ask(&to, "prime");
	ask(&to, "prime");
	from = now_us();
	open_many(left);
	while (left) {
		poll(p, 30, -1);
		for (int i = 0; i < 30; i++)
			if (p[i].revents)
				step(&p[i], &left);
	}
	return now_us() - from;
}

static long do_wait(void)
{
	struct pollfd elsewhere = { .events = POLLIN };
	int two[2];
	long from;

	if (pipe(two))
		fail("pipe");
	elsewhere.fd = two[0];
	open_many(10);
	poll(p, 10, 0);
	poll(&elsewhere, 1, 2);
	from = now_us();
	poll(&elsewhere, 1, 0);
	return now_us() - from;
}

static long do_write(void)
{
	static const char post[] = "POST / HTTP/1.0\r\n\r\n";
	long from;

	open_many(10);
	poll(p, 10, 0);
	from = now_us();
	for (int i = 0; i < 10; i++)
		(void)!write(p[i].fd, post, sizeof(post) - 1);
	return now_us() - from;
}

static long do_spawn(void)
{
	char *words[] = { (char *)"true", NULL };
	pid_t child;
	long from;

	open_many(10);
	poll(p, 10, 0);
	from = now_us();
	if (posix_spawnp(&child, "true", NULL, NULL, words, environ))
		fail("posix_spawn");
	return now_us() - from;
}

static long do_close(void)
{
	long longest = 0, from;

	open_many(MOST);
	poll(p, MOST, 0);
	for (int i = 0; i < MOST; i++)
		(void)!write(p[i].fd, "x", 1);
	for (int i = 0; i < MOST; i++) {
		from = now_us();
		close(p[i].fd);
		if (now_us() - from > longest)
			longest = now_us() - from;
	}
	return longest;
}

static long do_timeout(void)
{
	long from = now_us(), connected;
	char bytes[64];

	open_many(1);
	if (poll(p, 1, 1000) != 1 || error_of(p[0].fd))
		fail("not connected");
	connected = now_us() - from;
	if (write(p[0].fd, "hello", 5) != 5)
		fail("write");
	p[0].events = POLLIN;
	if (poll(p, 1, 2000) != 1 || read(p[0].fd, bytes, sizeof(bytes)) <= 0)
		fail("no answer");
	return connected;
}

static long do_prime(void)
{
	ask(&to, "prime");
	ask(&to, "prime");
	return 0;
}

static const struct {
	const char *name;
	long (*run)(void);
} whats[] = {
	{ "prime", do_prime },	   { "shutdown", do_shutdown }, { "wait", do_wait },
	{ "write", do_write },	   { "spawn", do_spawn },	{ "close", do_close },
	{ "timeout", do_timeout },
};

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	to = place_of(argv[2], argv[3]);
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++)
		if (!strcmp(whats[i].name, argv[1]))
			printf("%ld\n", whats[i].run() / 1000);
	fflush(stdout);
	_exit(0); /* at once: what a dead host was sent is not waited for */
}
