/* SPDX-License-Identifier: MIT */
/*
 * answer PORT...: an ordinary server.  Says "ready", answers each connection's first
 * bytes by "pong", and prints port and bytes (hex) when the connection has ended.
 */
#include "peer.h"

#include <pthread.h>

static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;

static void *serve(void *descriptor)
{
	int fd = (int)(long)descriptor;
	struct sockaddr_in6 here;
	socklen_t len = sizeof(here);
	unsigned char bytes[1000];
	size_t n = 0;
	ssize_t k;

	getsockname(fd, (struct sockaddr *)&here, &len);
	while (n < sizeof(bytes) &&
	       (k = recv(fd, bytes + n, sizeof(bytes) - n, 0)) > 0) {
		if (!n)
			send(fd, "pong", 4, MSG_NOSIGNAL);
		n += (size_t)k;
	}
	close(fd);
	pthread_mutex_lock(&saying);
	printf("%d ", ntohs(here.sin6_port));
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\n");
	fflush(stdout);
	pthread_mutex_unlock(&saying);
	return NULL;
}

static int listen_on(int port)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)port) };
	const int one = 1;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) || listen(fd, 128))
		fail("listen");
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd at[16];
	int n = argc - 1;

	for (int i = 0; i < n; i++)
		at[i] = (struct pollfd){ listen_on(atoi(argv[i + 1])), POLLIN, 0 };
	printf("ready\n");
	fflush(stdout);
	while (poll(at, (nfds_t)n, -1) > 0)
		for (int i = 0; i < n; i++) {
			pthread_t thread;
			int fd = at[i].revents & POLLIN ? accept(at[i].fd, NULL, NULL)
							: -1;

			if (fd >= 0 &&
			    !pthread_create(&thread, NULL, serve, (void *)(long)fd))
				pthread_detach(thread);
		}
	return 0;
}
