/* SPDX-License-Identifier: MIT */
/*
 * parser: where the reader of a policy stands, words of a line, and how errors are
 * told. What core/policy and core/setting share; nobody else's.
 */
#ifndef CORE_PARSER_H
#define CORE_PARSER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/rule.h"

/* Who is told of errors. */
struct policy_reader {
	void (*error)(void *to, const char *file, unsigned int line,
		      unsigned int column, const char *sentence);
	void *to;
};

struct parser {
	struct arena *arena;
	struct rule_list *rules;
	const struct policy_reader *reader;
	const char *file;
	unsigned int line;
	const char *start, *end; /* of the line, without its comment */
	struct rule *rule;	 /* NULL: before the first section, or in a bad one */
	bool has_comment, in_bad_section, good;
};

/* An error at this place of the line. */
void parser_wrong(struct parser *s, const char *at, const char *sentence);
/* In quotes, cut off where it is long. */
void parser_quote(struct text *t, const char *from, const char *to);
bool parser_blank(char c);
const char *parser_skip(const char *s, const char *end);
const char *parser_word_end(const char *s, const char *end);
bool parser_same(const char *s, const char *end, const char *word);

#endif
