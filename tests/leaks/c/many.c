/* SPDX-License-Identifier: MIT */
/*
 * many N: opens N sockets and keeps them. Prints how many they are, or as many as may
 * be open, and how many bytes of memory the process has gained by that.
 */
#include <sys/resource.h>
#include "leak.h"

FRAME static void as_many_as_may_be(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(1, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static FILE *statm; /* opened while there are numbers left */

FRAME static long resident(void)
{
	long all, pages;

	rewind(statm);
	if (fscanf(statm, "%ld %ld", &all, &pages) != 2)
		errx(1, "/proc/self/statm");
	return pages * sysconf(_SC_PAGESIZE);
}

FRAME static int leak_one(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	return fd < 0 ? -1 : fd; /* no tail call: whose frame would be gone */
}

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 18000, n = 0, before;

	as_many_as_may_be();
	statm = fopen("/proc/self/statm", "r");
	if (!statm)
		err(1, "/proc/self/statm");
	setvbuf(statm, NULL, _IONBF, 0);
	close(leak_one());
	before = resident();
	while (n < wanted && leak_one() >= 0)
		n++;
	if (n < wanted && errno != EMFILE)
		err(1, "socket");
	printf("%ld %ld\n", n, resident() - before);
	ready();
	_exit(0);
}
