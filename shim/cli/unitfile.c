/* SPDX-License-Identifier: MIT */
/* unitfile: lines and words of systemd's files; see unitfile.h. */
#include "cli/unitfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bring.h"

#define MOST ((size_t)1 << 20)

static char *trimmed(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || *line == ';';
}

/* Cuts the next line off *rest. */
static char *cut(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

/*
 * A whole assignment: a backslash at its end joins the next line, with a blank between
 * them; comments in between do not count. It only gets shorter, so it stays in place.
 */
static char *logical(char **rest)
{
	char *line = cut(rest), *end = line + strlen(line), *more;

	if (is_comment(line))
		return line;
	while (end > line && end[-1] == '\\' && **rest) {
		more = cut(rest);
		if (is_comment(more))
			continue;
		end[-1] = ' ';
		memmove(end, more, strlen(more) + 1);
		end += strlen(end);
	}
	return line;
}

int unitfile_read(const char *path,
		  void (*f)(void *with, const char *section, const char *key,
			    const char *value),
		  void *with)
{
	char *text, *rest, *line, *value, section[64] = "",
					  *real = realpath(path, NULL);
	ssize_t n = real ? bring_read(AT_FDCWD, real, MOST, &text) : -errno;

	free(real);
	if (n < 0)
		return (int)n;
	for (rest = text; *rest;) {
		line = trimmed(logical(&rest));
		value = strchr(line, '=');
		if (*line == '[') {
			snprintf(section, sizeof(section), "%.*s",
				 (int)strcspn(line + 1, "]"), line + 1);
		} else if (!is_comment(line) && value) {
			*value = '\0';
			f(with, section, trimmed(line), trimmed(value + 1));
		}
	}
	free(text);
	return 0;
}

/* What a backslash and the letter behind it stand for; others are that letter. */
static char escaped(char c)
{
	static const char letters[] = "abfnrtvs", are[] = "\a\b\f\n\r\t\v ";
	const char *at = strchr(letters, c);

	return at && c ? are[at - letters] : c;
}

bool unitfile_word(const char **at, char *ret, size_t size)
{
	const char *s = *at + strspn(*at, " \t\n\r");
	char quote = '\0';
	size_t n = 0;

	if (!*s)
		return false;
	for (; *s && (quote || !strchr(" \t\n\r", *s)); s++) {
		char c = *s;

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\\' && s[1])
			c = escaped(*++s);
		if (n + 1 < size)
			ret[n++] = c;
	}
	ret[n] = '\0';
	*at = s;
	return true;
}

void unitfile_quote(const char *word, char *ret, size_t size)
{
	size_t n = 0;

	if (size < 3)
		return;
	ret[n++] = '"';
	for (; *word && n + 4 < size; word++) {
		if (*word == '"' || *word == '\\')
			ret[n++] = '\\';
		ret[n++] = *word;
	}
	ret[n++] = '"';
	ret[n] = '\0';
}
