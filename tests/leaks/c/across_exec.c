/* SPDX-License-Identifier: MIT */
/*
 * A process opens three sockets and becomes another program: two go along, the third is
 * close-on-exec. In the new one they are inherited, not its fault; what it opens by
 * itself is.
 *
 * leaky: 1 socket CLOSE by open_own from after_exec
 */
#include "leak.h"

FRAME static void open_own(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	if (!leaky)
		close(fd);
}

FRAME static void after_exec(void)
{
	open_own();
	ready();
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	if (argc > 2) {
		after_exec();
		return 0;
	}
	if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_INET, SOCK_DGRAM, 0) < 0 ||
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
		err(1, "socket");
	execl(argv[0], argv[0], argv[1], "after", (char *)NULL);
	err(1, "exec");
}
