/* SPDX-License-Identifier: MIT */
/* utf8: which bytes are characters; see utf8.h. */
#include "cli/utf8.h"

#include <string.h>

size_t utf8_character(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	static const struct {
		unsigned char from, to, second_from, second_to;
		size_t bytes;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = 1;

		if (s[0] < rows[i].from || s[0] > rows[i].to)
			continue;
		if (rows[i].bytes > 1 &&
		    (s[1] < rows[i].second_from || s[1] > rows[i].second_to))
			return 0;
		for (n = 2; n < rows[i].bytes; n++)
			if (s[n] < 0x80 || s[n] > 0xbf)
				return 0;
		return rows[i].bytes;
	}
	return 0;
}

void utf8_clean(char *ret, size_t size, const char *s)
{
	size_t at = 0;

	while (*s) {
		size_t n = utf8_character(s), put = n;
		const char *from = s;

		if (!n)
			from = UTF8_REPLACEMENT;
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			from = "?"; /* of no use in a name, and a nuisance in a list */
		if (!n)
			put = strlen(UTF8_REPLACEMENT);
		if (at + put >= size)
			break;
		memcpy(ret + at, from, put);
		at += put;
		s += n ? n : 1;
	}
	ret[at] = '\0';
}
