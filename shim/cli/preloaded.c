/* SPDX-License-Identifier: MIT */
/* preloaded: the text of /etc/ld.so.preload; see preloaded.h. */
#include "cli/preloaded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT "libtfoshim.so"
#define COMMENT " # tfo install --ld-so-preload"
#define MADE " made this file"

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

char *preloaded_with(const struct preloaded *p, const char *object, bool made)
{
	char *text;

	if (asprintf(&text, "%s" COMMENT "%s\n%.*s", object, made ? MADE : "",
		     (int)p->n, p->text) < 0)
		return NULL;
	return text;
}

static bool begins(const char *s, const char *end, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(end - s) >= n && !memcmp(s, with, n);
}

/* Where what belongs to the name ends: its line, if nothing else is on it. */
static size_t end_of(const struct preloaded *p, size_t from, size_t to, bool *ret_made)
{
	const char *s = p->text, *end = s + p->n;
	bool first = from == 0 || s[from - 1] == '\n';

	if (first && begins(s + to, end, COMMENT)) {
		*ret_made = begins(s + to + sizeof(COMMENT) - 1, end, MADE);
		while (to < p->n && s[to] != '\n')
			to++;
		return to + (to < p->n);
	}
	while (to < p->n && parts(s[to]) && s[to] != '\n')
		to++;
	if (first && to < p->n && s[to] == '\n')
		to++;
	return to;
}

char *preloaded_without(const struct preloaded *p, size_t *ret_n, bool *ret_made)
{
	char *text = malloc(p->n + 1);
	size_t at = 0, done = 0, n = 0, len, from;
	const char *name;

	*ret_made = false;
	while (text && (name = preloaded_next(p, &at, &len))) {
		if (!preloaded_is_ours(name, len))
			continue;
		from = (size_t)(name - p->text);
		memcpy(text + n, p->text + done, from - done);
		n += from - done;
		done = at = end_of(p, from, at, ret_made);
	}
	if (text) {
		memcpy(text + n, p->text + done, p->n - done);
		*ret_n = n + p->n - done;
		text[*ret_n] = '\0';
	}
	return text;
}
