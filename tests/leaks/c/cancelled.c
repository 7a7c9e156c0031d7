/* SPDX-License-Identifier: MIT */
/*
 * A thread is cancelled in recv(); the twin has a cleanup handler.
 *
 * leaky: 3 socket CLOSE_WAIT by subscribe from listen_for_news
 * libs: -pthread
 */
#include <pthread.h>
#include "leak.h"

static struct sockaddr_in at;

FRAME static int subscribe(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	connect_to(fd, &at);
	return fd;
}

FRAME static void give_back(void *fd)
{
	if (!leaky)
		close(*(int *)fd);
}

FRAME static void *listen_for_news(void *unused)
{
	char news[16];
	int fd = subscribe();

	(void)unused;
	pthread_cleanup_push(give_back, &fd);
	say(fd, "here");
	while (recv(fd, news, sizeof(news), 0) > 0)
		;
	pthread_cleanup_pop(1);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t reader;
	int listener, far;
	char here[4];

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 3; i++) {
		if (pthread_create(&reader, NULL, listen_for_news, NULL))
			errx(1, "pthread_create");
		far = accept(listener, NULL, NULL);
		if (recv(far, here, sizeof(here), 0) != sizeof(here))
			err(1, "recv");
		pthread_cancel(reader);
		pthread_join(reader, NULL);
		close(far);
	}
	close(listener);
	ready();
	return 0;
}
