/* SPDX-License-Identifier: MIT */
/*
 * A socketpair to talk to oneself; of the two ends one is closed.
 *
 * leaky: 2 socketpair - by make_channel from main
 */
#include "leak.h"

FRAME static void make_channel(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) /* LEAK */
		err(1, "socketpair");
}

int main(int argc, char **argv)
{
	int ends[2];

	begin(argc, argv);
	for (int i = 0; i < 2; i++) {
		make_channel(ends);
		say(ends[0], "note to myself");
		close(ends[0]);
		if (!leaky)
			close(ends[1]);
	}
	ready();
	return 0;
}
