/* SPDX-License-Identifier: MIT */
/* alone: is this one static file? See alone.h. */
#include "cli/alone.h"

/* The linker makes it where there is something for a loader to read. */
extern const char _DYNAMIC[] __attribute__((weak));

bool alone_is(void)
{
	return !_DYNAMIC;
}
