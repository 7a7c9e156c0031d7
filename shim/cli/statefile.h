/* SPDX-License-Identifier: MIT */
/*
 * statefile: the files in the state directory, from outside: a copy of what one is at
 * the moment, so that nothing is changed, made or waited for; or the file itself.  What
 * is in them is for others to know.
 */
#ifndef CLI_STATEFILE_H
#define CLI_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

struct statefile {
	const char *name;
	size_t bytes;
	bool (*ready)(void *at); /* false: it holds something else */
};

/*
 * A copy; free() it.  NULL: why says so, in half a sentence; ret_none: it is just that
 * there is none yet.
 */
#define STATEFILE_OTHER ", which is of another version" /* how that may end */
void *statefile_read(const struct statefile *f, struct text *why, bool *ret_none);
/* The file itself, mapped: what is changed there holds for all programs at once. */
void *statefile_map(const struct statefile *f, struct text *why, bool *ret_none);
/* ... made where there is none yet, as programs under the shim make it. */
void *statefile_make(const struct statefile *f, struct text *why);

#endif
