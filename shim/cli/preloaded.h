/* SPDX-License-Identifier: MIT */
/*
 * preloaded: the text of /etc/ld.so.preload as glibc reads it: names between blanks,
 * line ends and colons; '#' begins a comment. Our line goes in and comes out again, and
 * every other byte stays. Files are left to the caller.
 */
#ifndef CLI_PRELOADED_H
#define CLI_PRELOADED_H

#include <stdbool.h>
#include <stddef.h>

struct preloaded {
	const char *text;
	size_t n;
};

/* The next name at or behind *at, or NULL: its length to ret_n, *at moves behind it. */
const char *preloaded_next(const struct preloaded *p, size_t *at, size_t *ret_n);
/* Is this a name of our object, wherever it lies? */
bool preloaded_is_ours(const char *name, size_t n);
/*
 * The text with a line for `object` first; that the file was made for it stands in its
 * comment. free() it; NULL: no memory.
 */
char *preloaded_with(const struct preloaded *p, const char *object, bool made);
/*
 * Without all that names our object. ret_made: the file was made for us.
 */
char *preloaded_without(const struct preloaded *p, size_t *ret_n, bool *ret_made);

#endif
