/* SPDX-License-Identifier: MIT */
/*
 * Text into a buffer of fixed size, and numbers out of text. Knows nothing of packets.
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

__attribute__((format(printf, 2, 0)))
static void add(struct text *text, const char *format, va_list values)
{
	size_t room = text->size - text->used;
	int length = vsnprintf(text->bytes + text->used, room, format, values);

	if (length < 0)
		return;
	text->used += (size_t)length < room ? (size_t)length : room - 1;
}

void text_add(struct text *text, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add(text, format, values);
	va_end(values);
}

bool text_fail(struct text *text, const char *format, ...)
{
	va_list values;

	text->used = 0;
	text_add(text, "error ");
	va_start(values, format);
	add(text, format, values);
	va_end(values);
	text_add(text, "\n");
	return false;
}

void text_add_hex(struct text *text, const uint8_t *bytes, size_t count)
{
	if (!count)
		text_add(text, "-");
	for (size_t i = 0; i < count; i++)
		text_add(text, "%02x", bytes[i]);
}

bool text_number(const char *word, double max, double *ret_number)
{
	char *end;
	double number = strtod(word, &end);

	if (end == word || *end || !isfinite(number) || number < 0 || number > max)
		return false;
	*ret_number = number;
	return true;
}
