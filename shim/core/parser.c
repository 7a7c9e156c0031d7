/* SPDX-License-Identifier: MIT */
/* parser: where the reader of a policy stands; see parser.h. */
#include "core/parser.h"

#define QUOTE_MOST 64

void parser_wrong(struct parser *s, const char *at, const char *sentence)
{
	s->good = false;
	s->reader->error(s->reader->to, s->file, s->line,
			 (unsigned int)(at - s->start) + 1, sentence);
}

void parser_quote(struct text *t, const char *from, const char *to)
{
	const char *most = to - from > QUOTE_MOST ? from + QUOTE_MOST : to;

	text_char(t, '\'');
	for (; from < most; from++)
		text_char(t, *from);
	text_str(t, from < to ? "..." : "");
	text_char(t, '\'');
}

bool parser_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *parser_skip(const char *s, const char *end)
{
	while (s < end && parser_blank(*s))
		s++;
	return s;
}

const char *parser_word_end(const char *s, const char *end)
{
	while (s < end && !parser_blank(*s))
		s++;
	return s;
}

bool parser_same(const char *s, const char *end, const char *word)
{
	while (s < end && *word && *s == *word)
		s++, word++;
	return s == end && !*word;
}
