/* SPDX-License-Identifier: MIT */
/*
 * Three days later: no number is left, accept() and socket() say EMFILE. That is when
 * the report is wanted, without being asked for, and once.
 *
 * leaky: 50 socket CLOSE by forget_one from main
 * reports: while it runs
 */
#include <sys/resource.h>
#include "leak.h"

FRAME static int forget_one(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd >= 0 && !leaky)
		close(fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	int last = 0;

	begin(argc, argv);
	for (int i = 0; i < 50; i++)
		last = forget_one();
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)last + 1;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "setrlimit");
	for (int i = 0; i < 3; i++)
		if (leaky && (forget_one() >= 0 || errno != EMFILE))
			err(1, "there was still a number");
	ready();
	return 0;
}
