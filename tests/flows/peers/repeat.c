/* SPDX-License-Identifier: MIT */
/*
 * repeat HOST PORT MS: an ordinary request every so many milliseconds, until its
 * standard input ends.  Prints how many were answered.
 */
#include "peer.h"

int main(int argc, char **argv)
{
	struct place to = place_of(argv[1], argv[2]);
	int pause_ms = argc > 3 ? atoi(argv[3]) : 20;
	struct pollfd end = { STDIN_FILENO, POLLIN, 0 };
	long answered = 0;

	while (poll(&end, 1, pause_ms) == 0) {
		ask(&to, "ping");
		answered++;
	}
	printf("%ld\n", answered);
	return 0;
}
