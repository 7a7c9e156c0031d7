/* SPDX-License-Identifier: MIT */
/* json: what is printed as JSON; see json.h. */
#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/utf8.h"

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
		size_t n = utf8_character(text);

		memcpy(to, n ? text : UTF8_REPLACEMENT, n ? n : 3);
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
