/* SPDX-License-Identifier: MIT */
/*
 * suppress: places whose sockets are meant to stay open.  A file of lines
 *   PATTERN [COUNT]
 * where PATTERN, with * for any characters, is the name of a function, of a module, or
 * the last part of a module's path, anywhere on the stack of a birth; with COUNT it is
 * a pool that may hold so many sockets.  # begins a comment.  async-signal-safe.
 */
#ifndef CORE_SUPPRESS_H
#define CORE_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPPRESS_ALL UINT32_MAX

/* Such lines for what runtimes keep by design, in every program that they run. */
extern const char suppress_runtimes[];

struct suppress_line {
	const char *pattern; /* not terminated */
	size_t n;
	uint32_t most;
};

/*
 * The next line that says something, from *at on, which is moved behind it.  false:
 * that was the last.  ret->n 0: the line cannot be read.
 */
bool suppress_next(const char **at, const char *end, struct suppress_line *ret);
bool suppress_matches(const struct suppress_line *l, const char *name);

#endif
