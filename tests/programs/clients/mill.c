/* SPDX-License-Identifier: MIT */
/*
 * mill: a threaded server and client, for builds with sanitizers.
 *   mill serve PORT                 echoes, a thread for each connection
 *   mill ask HOST PORT THREADS N    N connections from each thread, every other one
 *                                   nonblocking; prints how many answers were right
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in to;
static int rounds;
static atomic_int right, wrong;

static void *echo(void *arg)
{
	int fd = (int)(long)arg;
	char buf[256];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			break;
	close(fd);
	return NULL;
}

static int serve(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64))
		return 1;
	for (;;) {
		pthread_t thread;
		int peer = accept(fd, NULL, NULL);

		if (peer < 0 || pthread_create(&thread, NULL, echo, (void *)(long)peer))
			return 1;
		pthread_detach(thread);
	}
}

static int connect_to(int nonblocking)
{
	int fd = socket(AF_INET, SOCK_STREAM | (nonblocking ? SOCK_NONBLOCK : 0), 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (errno == EINPROGRESS && poll(&p, 1, 5000) == 1 &&
	    !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) && !error)
		return fd;
	close(fd);
	return -1;
}

static int ask(int nonblocking, int number)
{
	char say[64], got[64] = "";
	int fd = connect_to(nonblocking);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = snprintf(say, sizeof(say), "question %d", number);
	int good = fd >= 0 && send(fd, say, (size_t)n, MSG_NOSIGNAL) == n &&
		   poll(&p, 1, 5000) == 1 && recv(fd, got, sizeof(got) - 1, 0) == n &&
		   !strcmp(say, got);

	if (fd >= 0)
		close(fd);
	return good;
}

static void *client(void *arg)
{
	for (int i = 0; i < rounds; i++)
		if (ask(i & 1, (int)(long)arg * 1000 + i))
			right++;
		else
			wrong++;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]));
	if (argc != 6 || (count = atoi(argv[4])) > 64)
		return 2;
	to.sin_family = AF_INET;
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	inet_pton(AF_INET, argv[2], &to.sin_addr);
	rounds = atoi(argv[5]);
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, client, (void *)(long)i);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%d right, %d wrong\n", right, wrong);
	return wrong != 0;
}
