/* SPDX-License-Identifier: MIT */
/* uring_raw: io_uring by the instruction itself.  See uring.h. */
#include "uring.h"

static long ring_call(long number, long a, long b, long c, long d, long e)
{
	return raw5(number, a, b, c, d, e);
}

int main(int argc, char **argv)
{
	return uring_main(argc, argv);
}
