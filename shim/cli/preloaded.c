/* SPDX-License-Identifier: MIT */
/* preloaded: the text of /etc/ld.so.preload; see preloaded.h. */
#include "cli/preloaded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT "libtfoshim.so"

static bool parts(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ':';
}

const char *preloaded_next(const struct preloaded *p, size_t *at, size_t *ret_n)
{
	const char *s = p->text;
	size_t i = *at, from;

	while (i < p->n && (parts(s[i]) || s[i] == '#'))
		if (s[i] == '#')
			while (i < p->n && s[i] != '\n')
				i++;
		else
			i++;
	from = i;
	while (i < p->n && !parts(s[i]) && s[i] != '#')
		i++;
	*at = i;
	*ret_n = i - from;
	return i > from ? s + from : NULL;
}

bool preloaded_is_ours(const char *name, size_t n)
{
	const size_t len = sizeof(OBJECT) - 1;

	return n >= len && !memcmp(name + n - len, OBJECT, len) &&
	       (n == len || name[n - len - 1] == '/');
}

char *preloaded_with(const struct preloaded *p, const char *object, bool is_new)
{
	bool whole = is_new || (p->n && p->text[p->n - 1] == '\n');
	char *text;

	if (asprintf(&text, "%.*s%s%s%s", (int)p->n, p->text, whole ? "" : "\n", object,
		     whole ? "\n" : "") < 0)
		return NULL;
	return text;
}

/* Blanks behind the name go with it; so does the line, if nothing else is on it. */
static void widen(const struct preloaded *p, size_t *from, size_t *to)
{
	const char *s = p->text;
	bool first = *from == 0 || s[*from - 1] == '\n';

	while (*to < p->n && parts(s[*to]) && s[*to] != '\n')
		(*to)++;
	if (first && *to < p->n && s[*to] == '\n')
		(*to)++;
	else if (first && *to == p->n && *from)
		(*from)--; /* we gave the line before us its end */
}

char *preloaded_without(const struct preloaded *p, size_t *ret_n)
{
	char *text = malloc(p->n + 1);
	size_t at = 0, done = 0, n = 0, len, from;
	const char *name;

	while (text && (name = preloaded_next(p, &at, &len))) {
		if (!preloaded_is_ours(name, len))
			continue;
		from = (size_t)(name - p->text);
		widen(p, &from, &at);
		if (from < done)
			from = done;
		memcpy(text + n, p->text + done, from - done);
		n += from - done;
		done = at;
	}
	if (text) {
		memcpy(text + n, p->text + done, p->n - done);
		*ret_n = n + p->n - done;
		text[*ret_n] = '\0';
	}
	return text;
}
