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

/* As UTF-8; how many bytes that is. */
static size_t encode(unsigned long c, char ret[4])
{
	static const unsigned long ends[] = { 0x80, 0x800, 0x10000, 0x110000 };
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t n = 1;

	while (n < 4 && c >= ends[n - 1])
		n++;
	for (size_t i = n; i-- > 1; c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3f));
	ret[0] = (char)(heads[n - 1] | c);
	return n;
}

/* \x2d, \055, \u002d, \U0000002d. How many bytes are in ret; 0: it is none of them. */
static size_t numbered(const char **at, char ret[4])
{
	const char *s = *at, *kind = strchr("xuU", *s);
	size_t digits = !kind ? 3 : *kind == 'x' ? 2 : *kind == 'u' ? 4 : 8;
	unsigned long value;
	char number[9];

	s += kind != NULL;
	if (strspn(s, kind ? "0123456789abcdefABCDEF" : "01234567") < digits)
		return 0;
	snprintf(number, sizeof(number), "%.*s", (int)digits, s);
	value = strtoul(number, NULL, kind ? 16 : 8);
	if (!value || value > 0x10ffff || (!kind && value > 0xff))
		return 0;
	*at = s + digits - 1;
	ret[0] = (char)value;
	return digits > 3 ? encode(value, ret) : 1;
}

/* What stands behind a backslash; *at becomes its last letter. */
static size_t escaped(const char **at, char ret[4])
{
	static const char letters[] = "abfnrtvs", are[] = "\a\b\f\n\r\t\v ";
	const char *known = strchr(letters, **at);
	size_t n = numbered(at, ret);

	if (!n)
		ret[0] = known ? are[known - letters] : **at;
	return n ? n : 1;
}

bool unitfile_word(const char **at, char *ret, size_t size)
{
	const char *s = *at + strspn(*at, " \t\n\r");
	char quote = '\0', bytes[4];
	size_t n = 0, more;

	if (!*s)
		return false;
	for (; *s && (quote || !strchr(" \t\n\r", *s)); s++) {
		if (quote ? *s == quote : *s == '"' || *s == '\'') {
			quote = quote ? '\0' : *s;
			continue;
		}
		bytes[0] = *s;
		more = 1;
		if (*s == '\\' && s[1]) {
			s++;
			more = escaped(&s, bytes);
		}
		for (size_t i = 0; i < more && n + 1 < size; i++)
			ret[n++] = bytes[i];
	}
	ret[n] = '\0';
	*at = s;
	return true;
}

void unitfile_quote(const char *word, char *ret, size_t size)
{
	size_t n = 0;

	if (size < 8)
		return;
	ret[n++] = '"';
	for (; *word && n + 6 < size; word++) {
		if ((unsigned char)*word < ' ') { /* a new line would be a line */
			n += (size_t)snprintf(ret + n, 5, "\\x%02x", *word);
			continue;
		}
		if (*word == '"' || *word == '\\')
			ret[n++] = '\\';
		ret[n++] = *word;
	}
	ret[n++] = '"';
	ret[n] = '\0';
}
