/* SPDX-License-Identifier: MIT */
/* setting: a line "key = value" of a policy; see setting.h. */
#include "core/setting.h"

/* How many letters have to be changed, added or left out; at most `most`, or more. */
static unsigned int distance(const char *s, size_t n, const char *word)
{
	unsigned int row[24];
	size_t m = text_len(word);

	if (m >= 24 || n >= 24)
		return 24;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; i < n; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < m; j++) {
			unsigned int best = diagonal + (s[i] != word[j]);

			diagonal = row[j + 1];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[m];
}

static void no_such_key(struct parser *s, const char *name, const char *stop)
{
	unsigned int best = 3;
	const char *near = NULL;
	TEXT(why, 256);

	for (int k = 0; k < KEYS; k++) {
		unsigned int d = distance(name, (size_t)(stop - name),
					  rule_about(k)->name);

		if (rule_about((enum rule_key)k)->sections & s->rule->section &&
		    d < best) {
			best = d;
			near = rule_about(k)->name;
		}
	}
	text_str(&why, "there is no key ");
	parser_quote(&why, name, stop);
	if (near) {
		text_str(&why, "; did you mean '");
		text_str(&why, near);
		text_str(&why, "'?");
	}
	parser_wrong(s, name, why.at);
}

static enum rule_key no_key(struct parser *s, const char *name, const char *stop,
			    const char *sentence, const char *more)
{
	TEXT(why, 256);

	parser_quote(&why, name, stop);
	text_str(&why, sentence);
	text_str(&why, more);
	parser_wrong(s, name, why.at);
	return KEYS;
}

/* The key, or KEYS after saying what is wrong with it. */
static enum rule_key read_key(struct parser *s, const char *name, const char *stop)
{
	enum rule_key k = 0;

	while (k < KEYS && !parser_same(name, stop, rule_about(k)->name))
		k++;
	if (k == KEYS) {
		no_such_key(s, name, stop);
		return KEYS;
	}
	if (!(rule_about(k)->sections & s->rule->section))
		return no_key(s, name, stop, " belongs into a section ",
			      rule_section_name(rule_about(k)->sections));
	for (struct rule_setting *set = s->rule->settings; set; set = set->next)
		if (set->key == k)
			return no_key(s, name, stop, " is set twice in this section",
				      "");
	return k;
}

/* Takes the quotes away; NULL after saying what is wrong. */
static char *unquote(struct parser *s, const char *at, const char *end, size_t *ret_n)
{
	char *to = arena_take(s->arena, (size_t)(end - at) + 1);
	size_t n = 0;
	const char *c = at + 1;

	if (!to)
		return NULL;
	for (; c < end && *c != '"'; c++) {
		if (*c == '\\' && ++c < end && *c != '"' && *c != '\\') {
			parser_wrong(s, c, "behind a backslash stands '\"' or '\\'");
			return NULL;
		}
		if (c < end)
			to[n++] = *c;
	}
	if (c >= end) {
		parser_wrong(s, at, "the closing '\"' is missing");
		return NULL;
	}
	if (c + 1 != end) {
		parser_wrong(s, c + 1, "the line goes on behind the closing '\"'");
		return NULL;
	}
	*ret_n = n;
	return to;
}

static void must_be(struct parser *s, enum rule_key k, const char *at, const char *end,
		    const char *what)
{
	TEXT(why, 256);

	text_char(&why, '\'');
	text_str(&why, rule_about(k)->name);
	text_str(&why, "' must be ");
	text_str(&why, what);
	if (at < end) {
		text_str(&why, ", not ");
		parser_quote(&why, at, end);
	}
	parser_wrong(s, at, why.at);
}

static bool within(struct parser *s, enum rule_key k, const char *at, int64_t v)
{
	TEXT(range, 96);
	int64_t least = rule_about(k)->least;
	bool off = !least; /* it has a name of its own */

	if (value_is_text(rule_about(k)->type) ||
	    (v >= least && v <= rule_about(k)->most))
		return true;
	text_str(&range, "between ");
	value_print(&range, rule_about(k)->type, off ? 1 : least);
	text_str(&range, " and ");
	value_print(&range, rule_about(k)->type, rule_about(k)->most);
	text_str(&range, off ? ", or off" : "");
	must_be(s, k, at, s->end, range.at);
	return false;
}

/* Settings stand in the order of the keys, whatever that of the file was. */
static void put_setting(struct parser *s, enum rule_key k, int64_t v, const char *text)
{
	struct rule_setting **at = &s->rule->settings;
	struct rule_setting *set = arena_take(s->arena, sizeof(*set));

	if (!set) {
		parser_wrong(s, s->start, "there is no memory for it");
		return;
	}
	while (*at && (*at)->key < k)
		at = &(*at)->next;
	*set = (struct rule_setting){ k, v, text, *at };
	*at = set;
}

/* The value that begins at `at`, into the rule. */
static void read_value(struct parser *s, enum rule_key k, const char *at)
{
	enum value_type type = rule_about(k)->type;
	size_t n = (size_t)(s->end - at);
	const char *text = at, *expected;
	int64_t v = 0;

	if (n && *at == '"' && value_is_text(type)) {
		text = unquote(s, at, s->end, &n);
		if (!text)
			return;
	} else if (type == VALUE_text) {
		must_be(s, k, at, s->end, "a text in double quotes");
		return;
	}
	expected = value_parse(type, text, n, &v);
	if (expected) {
		must_be(s, k, at, s->end, expected);
		return;
	}
	if (!within(s, k, at, v))
		return;
	if (!value_is_text(type))
		text = NULL;
	else if (!(text = arena_text(s->arena, text, n)))
		return;
	put_setting(s, k, v, text);
}

void setting_read(struct parser *s)
{
	const char *name = parser_skip(s->start, s->end), *at = name, *stop;
	enum rule_key k;

	while (at < s->end && *at != '=')
		at++;
	if (at == s->end) {
		parser_wrong(s, name, "this is neither a [section] nor a key = value");
		return;
	}
	for (stop = at; stop > name && parser_blank(stop[-1]);)
		stop--;
	if (!s->rule) {
		if (!s->in_bad_section)
			parser_wrong(s, name,
				     "a [section] has to come before this key");
		return;
	}
	k = read_key(s, name, stop);
	if (k != KEYS)
		read_value(s, k, parser_skip(at + 1, s->end));
}
