/* SPDX-License-Identifier: MIT */
/* suppress: places whose sockets are meant to stay open; see suppress.h. */
#include "core/suppress.h"

#include "core/text.h"

/* OpenJDK: one end of a pair, with which it takes the place of what is closed. */
const char suppress_runtimes[] = "Java_sun_nio_ch_FileDispatcherImpl_init 1\n"
				 "Java_sun_nio_ch_UnixDispatcher_init 1\n";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip(const char *at, const char *end, bool blanks)
{
	while (at < end && is_blank(*at) == blanks)
		at++;
	return at;
}

static bool read_count(const char *at, const char *end, uint32_t *ret)
{
	uint32_t n = 0;

	for (; at < end; at++) {
		if (*at < '0' || *at > '9' || n > 100000000)
			return false;
		n = n * 10 + (uint32_t)(*at - '0');
	}
	*ret = n;
	return true;
}

static void read_line(const char *at, const char *end, struct suppress_line *ret)
{
	const char *word = skip(at, end, false), *count = skip(word, end, true);

	*ret = (struct suppress_line){ at, (size_t)(word - at), SUPPRESS_ALL };
	if (count == end)
		return;
	word = skip(count, end, false);
	if (!read_count(count, word, &ret->most) || skip(word, end, true) != end)
		ret->n = 0;
}

bool suppress_next(const char **at, const char *end, struct suppress_line *ret)
{
	while (*at < end) {
		const char *line = *at, *stop = line, *mark;

		while (stop < end && *stop != '\n')
			stop++;
		*at = stop < end ? stop + 1 : end;
		for (mark = line; mark < stop && *mark != '#'; mark++)
			;
		line = skip(line, mark, true);
		if (line == mark)
			continue;
		read_line(line, mark, ret);
		return true;
	}
	return false;
}

/* The last * is the only one that may have to take more: linear in practice. */
static bool glob(const char *p, const char *end, const char *s)
{
	const char *star = NULL, *from = s;

	while (*s) {
		if (p < end && *p == '*') {
			star = ++p;
			from = s;
		} else if (p < end && *p == *s) {
			p++;
			s++;
		} else if (star) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

bool suppress_matches(const struct suppress_line *l, const char *name)
{
	const char *base = name;

	if (glob(l->pattern, l->pattern + l->n, name))
		return l->n;
	for (const char *c = name; *c; c++)
		if (*c == '/')
			base = c + 1;
	return base != name && l->n && glob(l->pattern, l->pattern + l->n, base);
}
