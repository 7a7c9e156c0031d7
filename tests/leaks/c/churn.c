/* SPDX-License-Identifier: MIT */
/*
 * Four threads open, copy, close and hand numbers back and forth as fast as they can:
 * the same numbers live and die in all of them.
 *
 * clean: nothing
 * libs: -pthread
 */
#include <fcntl.h>
#include <pthread.h>
#include "leak.h"

FRAME static void turn(int null)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), copy = dup(fd), ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || fd < 0 || copy < 0)
		err(1, "socket");
	close(fd);
	if (dup2(null, copy) != copy)
		err(1, "dup2");
	close(copy);
	fclose(fdopen(ends[0], "r"));
	close(ends[1]);
}

FRAME static void *many_turns(void *null)
{
	for (int i = 0; i < 2000; i++)
		turn(*(int *)null);
	return NULL;
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR);
	pthread_t threads[4];

	begin(argc, argv);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, many_turns, &null))
			errx(1, "pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ready();
	return 0;
}
