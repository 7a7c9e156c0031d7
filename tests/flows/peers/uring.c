/* SPDX-License-Identifier: MIT */
/* uring: io_uring by syscall(2).  See uring.h. */
#include "uring.h"

static long ring_call(long number, long a, long b, long c, long d, long e)
{
	return syscall(number, a, b, c, d, e, 0);
}

int main(int argc, char **argv)
{
	return uring_main(argc, argv);
}
