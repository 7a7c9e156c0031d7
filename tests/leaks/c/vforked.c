/* SPDX-License-Identifier: MIT */
/*
 * A child of vfork() runs in its parent's memory, but its descriptors are its own: that
 * it closes them takes nothing from the parent, who still leaks.
 *
 * leaky: 2 socket CLOSE by prepare from main
 */
#include "leak.h"

FRAME static int prepare(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static void run_true(int a, int b)
{
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		close(a);
		close(b);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "true said %d", status);
}

int main(int argc, char **argv)
{
	int a, b;

	begin(argc, argv);
	a = prepare();
	b = prepare();
	run_true(a, b);
	if (!leaky) {
		close(a);
		close(b);
	}
	ready();
	return 0;
}
