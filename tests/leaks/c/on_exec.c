/* SPDX-License-Identifier: MIT */
/*
 * Closed by exec: SOCK_CLOEXEC, FD_CLOEXEC. The program that comes after has none of
 * them, and opens and closes its own.
 *
 * clean: nothing
 */
#include <fcntl.h>
#include "leak.h"

int main(int argc, char **argv)
{
	int fd;

	begin(argc, argv);
	if (argc > 2) {
		close(socket(AF_INET, SOCK_STREAM, 0));
		ready();
		return 0;
	}
	for (int i = 0; i < 5; i++) {
		if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
			err(1, "socket");
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fcntl(fd, F_SETFD, FD_CLOEXEC))
			err(1, "fcntl");
	}
	execl(argv[0], argv[0], argv[1], "after", (char *)NULL);
	err(1, "exec");
}
