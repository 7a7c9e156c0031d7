/* SPDX-License-Identifier: MIT */
/*
 * Many at once: close_range(), closefrom(), and a loop over all numbers, as daemons do
 * it, which closes what was closed long ago and is no double close for that.
 *
 * clean: nothing
 */
#include "leak.h"

FRAME static void open_some(int n)
{
	while (n-- > 0)
		if (socket(AF_INET, SOCK_STREAM, 0) < 0)
			err(1, "socket");
}

FRAME static void as_daemons_do(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	open_some(10);
	if (close_range(3, ~0U, 0))
		err(1, "close_range");
	open_some(10);
	closefrom(3);
	open_some(10);
	as_daemons_do();
	as_daemons_do();
	close(-1);
	ready();
	return 0;
}
