/* SPDX-License-Identifier: MIT */
/*
 * Each worker has a connection of its own; half of them end without a word.
 *
 * leaky: 4 socket CLOSE by worker_connect from worker
 * libs: -pthread
 */
#include <pthread.h>
#include "leak.h"

static struct sockaddr_in at;

FRAME static int worker_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, &at);
	return fd;
}

FRAME static void *worker(void *odd)
{
	int fd = worker_connect();

	say(fd, "job");
	if (leaky && odd)
		return NULL;
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t workers[8];
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (long i = 0; i < 8; i++)
		if (pthread_create(&workers[i], NULL, worker, (void *)(i & 1)))
			errx(1, "pthread_create");
	for (int i = 0; i < 8; i++)
		pthread_join(workers[i], NULL);
	for (int i = 0; i < 8; i++)
		close(accept(listener, NULL, NULL));
	close(listener);
	ready();
	return 0;
}
