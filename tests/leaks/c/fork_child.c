/* SPDX-License-Identifier: MIT */
/*
 * The child of a fork leaks; its parent does not, and what the child has inherited and
 * holds on to is not its fault. Nor is the parent's.
 *
 * leaky child: 2 socket CLOSE by ask_for_child from be_the_child
 */
#include "leak.h"

FRAME static void ask_for_child(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		errx(1, "somebody answers there");
	if (!leaky)
		close(fd);
}

FRAME static void be_the_child(void)
{
	struct sockaddr_in down = nobody_there();

	ask_for_child(&down);
	ask_for_child(&down);
}

int main(int argc, char **argv)
{
	int before[3];
	pid_t child;

	begin(argc, argv);
	for (int i = 0; i < 3; i++)
		before[i] = socket(AF_INET, SOCK_STREAM, 0);
	child = apart(be_the_child);
	for (int i = 0; i < 3; i++)
		close(before[i]);
	ready();
	reap(child);
	return 0;
}
