/* SPDX-License-Identifier: MIT */
/*
 * The program is clean; the library that it is linked with is not.
 *
 * leaky: 3 socket CLOSE by library_open from library_ask from use_library
 * library: linked
 */
#include "leak.h"
#include "library.h"

FRAME static void use_library(const struct sockaddr_in *to)
{
	if (library_ask(to, leaky))
		errx(1, "somebody answers there");
}

int main(int argc, char **argv)
{
	struct sockaddr_in down = nobody_there();

	begin(argc, argv);
	for (int i = 0; i < 3; i++)
		use_library(&down);
	ready();
	return 0;
}
