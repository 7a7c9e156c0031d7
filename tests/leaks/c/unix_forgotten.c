/* SPDX-License-Identifier: MIT */
/*
 * A client of a local service that has been restarted: connect() says ECONNREFUSED, the
 * client tries again, with a new socket each time.
 *
 * leaky: 5 socket - by dial_local from with_retries
 */
#include <stddef.h>
#include <sys/un.h>
#include "leak.h"

FRAME static int dial_local(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* LEAK */

	/* an abstract name: the first byte is 0 */
	snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "nobody-%d", (int)getpid());
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (!leaky)
		close(fd);
	return -1;
}

FRAME static void with_retries(void)
{
	for (int i = 0; i < 5; i++)
		if (dial_local() >= 0)
			errx(1, "somebody answers there");
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	with_retries();
	ready();
	return 0;
}
