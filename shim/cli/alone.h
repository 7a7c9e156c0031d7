/* SPDX-License-Identifier: MIT */
/*
 * alone: whether this tfo is one static file, as it stands in images that hold nothing
 * else. It then loads no library: not elfutils, not what libc looks names up with; who
 * would need one says so.
 */
#ifndef CLI_ALONE_H
#define CLI_ALONE_H

#include <stdbool.h>

bool alone_is(void);

#endif
