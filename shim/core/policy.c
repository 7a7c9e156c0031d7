/* SPDX-License-Identifier: MIT */
/* policy: text -> rules, and rules -> text; see policy.h. */
#include "core/policy.h"

#include "core/parser.h"
#include "core/setting.h"

#define LINE_MOST 65536

static const struct {
	enum rule_section section;
	const char *name;
} sections[] = {
	{ SECTION_connect, "connect" },
	{ SECTION_listen, "listen" },
	{ SECTION_leaks, "leaks" },
	{ SECTION_log, "log" },
};
#define SECTIONS (sizeof(sections) / sizeof(*sections))

/* --- the head of a section ------------------------------------------------------- */

static struct rule *rule_new(struct parser *s, enum rule_section section)
{
	struct rule *r = arena_take(s->arena, sizeof(*r));

	if (!r)
		return NULL;
	r->section = section;
	r->file = s->file;
	r->line = s->line;
	if (s->rules->last)
		s->rules->last->next = r;
	else
		s->rules->first = r;
	s->rules->last = r;
	s->rules->n++;
	return r;
}

static void read_who(struct parser *s, const char *at, size_t prefix, const char *end,
		     struct scope_who **to)
{
	const char *sentence = scope_who_parse(s->arena, at + prefix,
					       (size_t)(end - at) - prefix, to);

	if (sentence)
		parser_wrong(s, at + prefix, sentence);
}

static void read_target(struct parser *s, const char *at, const char *end,
			struct scope_target ***last)
{
	struct scope_target *t = arena_take(s->arena, sizeof(*t));
	TEXT(why, 128);
	size_t where = 0;
	const char *sentence;

	if (!t) {
		parser_wrong(s, at, "there is no memory for it");
		return;
	}
	sentence = scope_target_parse(s->arena, at, (size_t)(end - at), t, &where,
				      &why);
	if (!sentence && s->rule->section == SECTION_listen && t->host) {
		sentence = "a listener is found by its address: a host name has no "
			   "meaning here";
		where = 0;
	}
	if (sentence) {
		parser_wrong(s, at + where, sentence);
		return;
	}
	**last = t;
	*last = &t->next;
}

static void read_scope(struct parser *s, const char *at, const char *end)
{
	struct scope_target **last = &s->rule->targets;
	bool everywhere = s->rule->section & (SECTION_leaks | SECTION_log);

	for (at = parser_skip(at, end); at < end; at = parser_skip(at, end)) {
		const char *stop = parser_word_end(at, end);

		if (stop - at >= 8 && parser_same(at, at + 8, "program="))
			read_who(s, at, 8, stop, &s->rule->programs);
		else if (stop - at >= 5 && parser_same(at, at + 5, "user="))
			read_who(s, at, 5, stop, &s->rule->users);
		else if (everywhere)
			parser_wrong(s, at,
				     "this section takes program= and user=, and no "
				     "targets");
		else
			read_target(s, at, stop, &last);
		at = stop;
	}
}

static void read_section(struct parser *s)
{
	const char *name = parser_skip(s->start, s->end) + 1, *end = s->end, *stop;

	s->rule = NULL;
	s->in_bad_section = true;
	if (end[-1] != ']') {
		parser_wrong(s, end, "the ']' of this section is missing");
		return;
	}
	end--;
	name = parser_skip(name, end);
	stop = parser_word_end(name, end);
	for (size_t i = 0; i < SECTIONS; i++)
		if (parser_same(name, stop, sections[i].name)) {
			s->rule = rule_new(s, sections[i].section);
			s->in_bad_section = false;
		}
	if (s->rule) {
		read_scope(s, stop, end);
		return;
	}
	TEXT(why, 192);
	text_str(&why, "there is no section ");
	parser_quote(&why, name, stop);
	text_str(&why, "; there are connect, listen, leaks and log");
	parser_wrong(s, name, why.at);
}

/* --- lines ----------------------------------------------------------------------- */

/* Where the comment begins: '#' at the start of a word, outside quotes. */
static const char *comment(const char *s, const char *end)
{
	bool quoted = false;

	for (const char *c = s; c < end; c++) {
		if (quoted && *c == '\\')
			c++;
		else if (*c == '"')
			quoted = !quoted;
		else if (*c == '#' && !quoted && (c == s || parser_blank(c[-1])))
			return c;
	}
	return end;
}

static void not_text(struct parser *s, const char *at)
{
	TEXT(why, 96);

	if (*at == '\r' && at + 1 == s->end) {
		parser_wrong(s, at,
			     "this line ends with CR and LF; save the file with LF");
		return;
	}
	text_str(&why, "there is a control character here (");
	text_num(&why, (unsigned char)*at);
	text_str(&why, "), so the line is not read");
	parser_wrong(s, at, why.at);
}

/* Finds the end of the line; false after saying why it cannot be read. */
static bool take_line(struct parser *s, const char *end)
{
	const char *at = s->start, *bad = NULL;

	s->has_comment = false;
	for (; at < end && *at != '\n'; at++) {
		if (__builtin_expect((unsigned char)*at < ' ' || *at == 127, 0) &&
		    *at != '\t' && !bad)
			bad = at;
		s->has_comment |= *at == '#';
	}
	s->end = at;
	if (at - s->start > LINE_MOST)
		parser_wrong(s, s->start, "this line is longer than 64 KiB");
	else if (bad)
		not_text(s, bad);
	return !bad && at - s->start <= LINE_MOST;
}

static void read_line(struct parser *s)
{
	if (s->has_comment)
		s->end = comment(s->start, s->end);
	while (s->end > s->start && parser_blank(s->end[-1]))
		s->end--;
	if (s->end == s->start)
		return;
	if (*parser_skip(s->start, s->end) == '[')
		read_section(s);
	else
		setting_read(s);
}

static bool begins(const char *bytes, size_t n, const char *with)
{
	size_t i = 0;

	while (with[i] && i < n && bytes[i] == with[i])
		i++;
	return !with[i];
}

/* What spoils a whole file is said once. */
static bool is_plain_file(struct parser *s, const char *bytes, size_t n)
{
	const char *at = bytes, *sentence = NULL;

	s->start = bytes;
	s->line = 1;
	if (begins(bytes, n, "\xef\xbb\xbf"))
		sentence = "the file begins with a byte order mark; save it without";
	else if (begins(bytes, n, "\xff\xfe") || begins(bytes, n, "\xfe\xff"))
		sentence = "the file is written in UTF-16; save it in UTF-8";
	else
		while (at < bytes + n && *at != '\n' && !sentence)
			if (*at++ == '\r' && (at == bytes + n || *at == '\n'))
				sentence = "lines end with CR and LF here; save the "
					   "file with LF";
	if (sentence)
		parser_wrong(s, at == bytes ? at : at - 1, sentence);
	return !sentence;
}

bool policy_parse(struct policy *p, const char *file, const char *bytes, size_t n,
		  const struct policy_reader *reader)
{
	struct parser s = {
		&p->arena, &p->rules, reader, file, .good = true,
	};
	const char *at = bytes, *end = bytes + n;

	if (!is_plain_file(&s, bytes, n))
		return false;
	for (s.line = 1; at < end; s.line++) {
		bool good;

		s.start = at;
		good = take_line(&s, end);
		at = s.end + 1;
		if (good)
			read_line(&s);
	}
	return s.good;
}

void policy_drop(struct policy *p)
{
	arena_drop(&p->arena);
	p->rules = (struct rule_list){ NULL, NULL, 0 };
}

void policy_print(const struct policy *p, const struct sink *to)
{
	for (const struct rule *r = p->rules.first; r; r = r->next) {
		if (r != p->rules.first)
			sink_str(to, "\n");
		rule_print(r, to);
	}
}
