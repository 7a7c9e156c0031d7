/* SPDX-License-Identifier: MIT */
/* utf8: which bytes are characters, where what is written must be valid UTF-8. */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stddef.h>

/* In the place of a byte that belongs to none. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* How many bytes the character at s has (RFC 3629, section 4); 0: it is none. */
size_t utf8_character(const char *s);
/* Its characters, as many as there is room for, and nothing that is none. */
void utf8_clean(char *ret, size_t size, const char *s);

#endif
