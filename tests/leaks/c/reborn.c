/* SPDX-License-Identifier: MIT */
/*
 * Closed behind our back, and the number is somebody else's by now: a file, a pipe, a
 * socket that was opened behind our back as well. None of them is the one that was born
 * here. (What lives for a second is known by name; a younger one could be taken for
 * another of its kind.)
 *
 * clean: nothing
 * behind: 3
 */
#include <dlfcn.h>
#include <fcntl.h>
#include "leak.h"

static int (*hidden_close)(int);
static int (*hidden_socket)(int, int, int);

FRAME static int born_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static void same(int was, int is)
{
	if (was != is)
		errx(1, "%d is not the number %d", is, was);
}

int main(int argc, char **argv)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	int fd, ends[2];

	begin(argc, argv);
	*(void **)&hidden_close = dlsym(libc, "close");
	*(void **)&hidden_socket = dlsym(libc, "socket");
	fd = born_here();
	hidden_close(fd);
	same(fd, open("/dev/null", O_RDONLY));
	fd = born_here();
	hidden_close(fd);
	if (pipe(ends))
		err(1, "pipe");
	same(fd, ends[0]);
	fd = born_here();
	usleep(1200000);
	close(born_here());
	hidden_close(fd);
	same(fd, hidden_socket(AF_INET, SOCK_STREAM, 0));
	if (listen(fd, 1))
		err(1, "listen");
	ready();
	return 0;
}
