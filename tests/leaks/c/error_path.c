/* SPDX-License-Identifier: MIT */
/*
 * A client whose server is down: who returns early because connect() failed forgets
 * that there is a socket already.
 *
 * leaky: 3 socket CLOSE by connect_upstream from ask_upstream
 */
#include "leak.h"

FRAME static int connect_upstream(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		if (!leaky)
			close(fd);
		return -1;
	}
	return fd;
}

FRAME static bool ask_upstream(const struct sockaddr_in *to)
{
	int fd = connect_upstream(to);

	if (fd < 0)
		return false;
	say(fd, "hello");
	close(fd);
	return true;
}

int main(int argc, char **argv)
{
	struct sockaddr_in down = nobody_there();

	begin(argc, argv);
	for (int i = 0; i < 3; i++)
		if (ask_upstream(&down))
			errx(1, "somebody answers there");
	ready();
	return 0;
}
