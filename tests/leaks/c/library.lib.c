/* SPDX-License-Identifier: MIT */
/*
 * The library of library.c and plugin.c: an exported function, and one that only the
 * symbol table knows.
 */
#include "leak.h"
#include "library.h"

FRAME static int library_open(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

__attribute__((visibility("default"))) FRAME bool library_ask(
	const struct sockaddr_in *to, bool forget)
{
	int fd = library_open();
	bool answered = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0;

	if (!forget)
		close(fd);
	return answered;
}
