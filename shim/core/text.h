/* SPDX-License-Identifier: MIT */
/*
 * text: text into a fixed buffer.  No malloc, no locale, async-signal-safe; what does
 * not fit is cut off and the result is always terminated.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *at;
	size_t n, room;
};

#define TEXT(name, bytes) \
	char name##_buffer[bytes]; \
	struct text name = { name##_buffer, 0, (bytes) }; \
	name##_buffer[0] = 0

void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);
void text_num(struct text *t, uint64_t n);
/* n in base 16, without prefix or leading zeros. */
void text_hex(struct text *t, uint64_t n);

size_t text_len(const char *s);
bool text_same(const char *a, const char *b);
/* The rest of s behind prefix, or NULL when s does not begin with it. */
const char *text_behind(const char *s, const char *prefix);
/* What follows the decimal number that s begins with, or NULL: there is none. */
const char *text_number(const char *s, uint64_t *ret);

#endif
