/* SPDX-License-Identifier: MIT */
/*
 * Closed by putting something else on the number: dup2() and dup3() over it.
 *
 * clean: nothing
 */
#include <fcntl.h>
#include "leak.h"

FRAME static int open_one(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR), a, b;

	begin(argc, argv);
	a = open_one();
	b = open_one();
	if (dup2(null, a) != a || dup3(null, b, O_CLOEXEC) != b)
		err(1, "dup2");
	a = open_one();
	b = open_one();
	if (dup2(a, b) != b || dup2(null, a) != a || dup2(null, b) != b)
		err(1, "dup2");
	if (dup2(-1, a) >= 0 || errno != EBADF)
		errx(1, "dup2 of nothing");
	ready();
	return 0;
}
