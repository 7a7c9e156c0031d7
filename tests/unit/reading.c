/* SPDX-License-Identifier: MIT */
/* reading: what comes of a policy's text; see reading.h. */
#include "reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char *take(FILE *f, char **text)
{
	fclose(f);
	return *text;
}

static void error(void *to, const char *file, unsigned int line, unsigned int column,
		  const char *sentence)
{
	ck_assert_str_eq(file, "the file");
	fprintf(to, "%u:%u: %s\n", line, column, sentence);
}

static void put(void *to, const char *bytes, size_t n)
{
	fwrite(bytes, 1, n, to);
}

/* Errors or print; the text is at the end of its own memory. */
static char *read_once(const char *text, size_t n)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };
	char *own = malloc(n ? n : 1), *told = NULL;
	size_t room;
	FILE *f = open_memstream(&told, &room);
	struct policy_reader reader = { error, f };
	struct sink sink = { put, f };
	bool good;

	memcpy(own, text, n);
	good = policy_parse(&p, "the file", own, n, &reader);
	ck_assert(good == (ftell(f) == 0));
	free(own); /* nothing of it is kept */
	if (good)
		policy_print(&p, &sink);
	policy_drop(&p);
	return take(f, &told);
}

const char *reading_of(const char *text, size_t n)
{
	static char *last;
	char *again;

	free(last);
	last = read_once(text, n);
	if (last[0] >= '0' && last[0] <= '9')
		return last;
	again = read_once(last, strlen(last));
	ck_assert_str_eq(again, last);
	free(again);
	return last;
}

void reading_is(const struct reading_row *row)
{
	ck_assert_str_eq(reading_of(row->text, strlen(row->text)), row->reading);
}
