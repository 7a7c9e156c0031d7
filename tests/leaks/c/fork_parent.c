/* SPDX-License-Identifier: MIT */
/*
 * The other way round: the parent leaks, and its child, who has the same descriptors
 * open, is clean. It closes one of them: that changes nothing in the parent.
 *
 * leaky: 3 socket CLOSE by ask_for_parent from main
 * child: nothing
 */
#include "leak.h"

static int last;

FRAME static void ask_for_parent(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		errx(1, "somebody answers there");
	last = fd;
	if (!leaky)
		close(fd);
}

FRAME static void be_the_child(void)
{
	int own = socket(AF_INET, SOCK_STREAM, 0);

	if (leaky)
		close(last);
	close(own);
}

int main(int argc, char **argv)
{
	struct sockaddr_in down = nobody_there();
	pid_t child;

	begin(argc, argv);
	for (int i = 0; i < 3; i++)
		ask_for_parent(&down);
	child = apart(be_the_child);
	ready();
	reap(child);
	return 0;
}
