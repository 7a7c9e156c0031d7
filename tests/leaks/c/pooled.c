/* SPDX-License-Identifier: MIT */
/*
 * A library keeps its connection until its destructor runs, after main() has ended.
 *
 * leaky: 1 socket CLOSE by library_ask from main
 * library: linked
 * look: no
 */
#include "leak.h"
#include "library.h"

int main(int argc, char **argv)
{
	struct sockaddr_in down = nobody_there();

	begin(argc, argv);
	if (library_ask(&down, leaky))
		errx(1, "somebody answers there");
	ready();
	return 0;
}
