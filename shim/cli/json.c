/* SPDX-License-Identifier: MIT */
/* json: what is printed as JSON; see json.h. */
#include "cli/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes this character has (RFC 3629, section 4); 0: it is none. */
static size_t character(const unsigned char *s)
{
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

struct json_object *json_text(const char *text)
{
	struct json_object *whole;
	char *clean, *to;

	if (!text)
		return NULL;
	to = clean = malloc(3 * strlen(text) + 1);
	if (!clean)
		return NULL;
	while (*text) {
		size_t n = character((const unsigned char *)text);

		memcpy(to, n ? text : "\xef\xbf\xbd", n ? n : 3);
		to += n ? n : 3;
		text += n ? n : 1;
	}
	whole = json_object_new_string_len(clean, (int)(to - clean));
	free(clean);
	return whole;
}

void json_show(struct json_object *document)
{
	puts(json_object_to_json_string_ext(
		document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}
