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
 * The text with a line for `object` behind it; free() it; NULL: no memory. It is the
 * last line, and has no comment: glibc forgets a comment of others where one of ours,
 * or many bytes, stand before it. Where the line before it has no end, ours has none
 * either. is_new: there is no file yet.
 */
char *preloaded_with(const struct preloaded *p, const char *object, bool is_new);
/* Without all that names our object: what preloaded_with() was given, to the byte. */
char *preloaded_without(const struct preloaded *p, size_t *ret_n);

#endif
