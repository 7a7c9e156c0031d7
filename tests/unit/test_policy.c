/* SPDX-License-Identifier: MIT */
/*
 * core/policy: a whole text: sections, comments, what spoils a file, limits; every key;
 * what is printed is read as the same.  Heads of sections: test_scope; lines:
 * test_setting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "unit.h"

static const struct reading_row heads[] = {
	{ "tfo = on", "1:1: a [section] has to come before this key\n" },
	{ "[connect]\ntfo", "2:1: this is neither a [section] nor a key = value\n" },
	{ "[nope]\ntfo = on\nx\n[connect]\nx = 1",
	  "1:2: there is no section 'nope'; there are connect, listen, leaks and "
	  "log\n3:1: this is neither a [section] nor a key = value\n5:1: there is no "
	  "key 'x'\n" },
	{ "[]\nx=1",
	  "1:2: there is no section ''; there are connect, listen, leaks and log\n" },
	{ "[\nx=1", "1:2: the ']' of this section is missing\n" },
	{ "[connect\nx=1", "1:9: the ']' of this section is missing\n" },
	{ "[connect] x\nx=1", "1:12: the ']' of this section is missing\n" },
	{ "[connect *:443 # c ]", "1:15: the ']' of this section is missing\n" },
	{ "[connect] # c", "[connect]\n" },
	{ "\t[connect\ta:1\tb:2\t]", "[connect a:1 b:2]\n" },
	{ "[ connect a ]", "[connect a]\n" },
	{ "[connect]\r\ntfo = on\r\n",
	  "1:10: lines end with CR and LF here; save the file with LF\n" },
	{ "[connect]\ntfo = on\r\n",
	  "2:9: this line ends with CR and LF; save the file with LF\n" },
	{ "[connect]\rtfo = on",
	  "1:10: there is a control character here (13), so the line is not read\n" },
	{ "", "" },
	{ "\n\n  \t\n# a comment\n\t# one more\n", "" },
	{ "# [connect]\n[connect a] # [x]\n\n  # y = 1\ntfo = on\n\n",
	  "[connect a]\ntfo = on\n" },
	{ "[connect]\n[listen]\n[leaks]\n[log]",
	  "[connect]\n\n[listen]\n\n[leaks]\n\n[log]\n" },
	{ "[connect]\ntfo = on\n[connect]\ntfo = on",
	  "[connect]\ntfo = on\n\n[connect]\ntfo = on\n" },
	{ "[nope]\nx = 1\ntfo = on\nqlen = 0\n",
	  "1:2: there is no section 'nope'; there are connect, listen, leaks and "
	  "log\n" },
	{ "[connect\nx = 1\ny = 1\n", "1:9: the ']' of this section is missing\n" },
	{ "a = 1\nb = 2\n", "1:1: a [section] has to come before this key\n2:1: a "
			    "[section] has to come before this key\n" },
	{ "\xef\xbb\xbf[connect]\nx = 1\n",
	  "1:1: the file begins with a byte order mark; save it without\n" },
	{ "\xff\xfe[", "1:1: the file is written in UTF-16; save it in UTF-8\n" },
	{ "\xfe\xff", "1:1: the file is written in UTF-16; save it in UTF-8\n" },
	{ "\xef\xbb", "1:1: this is neither a [section] nor a key = value\n" },
	{ "[connect]\n\\x", "2:1: this is neither a [section] nor a key = value\n" },
	{ "[Connect]", "1:2: there is no section 'Connect'; there are connect, listen, "
		       "leaks and log\n" },
	{ "[connect] [listen]", "1:2: there is no section 'connect]'; there are "
				"connect, listen, leaks and log\n" },
	{ "[[connect]", "1:2: there is no section '[connect'; there are connect, "
			"listen, leaks and log\n" },
	{ "[connect a] ]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect:80]", "1:2: there is no section 'connect:80'; there are connect, "
			  "listen, leaks and log\n" },
};

START_TEST(reads)
{
	reading_is(&heads[_i]);
}
END_TEST

#define NOT_READ(n) \
	"there is a control character here (" #n "), so the line is not read\n"

static const struct {
	const char *text;
	size_t n;
	const char *reading;
} controls[] = {
	{ "\0", 1, "1:1: " NOT_READ(0) },
	{ "[connect]\ntfo\0 = on\nx = 1", 25,
	  "2:4: " NOT_READ(0) "3:1: there is no key 'x'\n" },
	{ "[connect]\n\1\2\n\177\n", 15, "2:1: " NOT_READ(1) "3:1: " NOT_READ(127) },
	{ "[connect]\nreason = \"\033[31m\"", 26, "2:11: " NOT_READ(27) },
	{ "# \a\n[connect]", 13, "1:3: " NOT_READ(7) },
	{ "[connect]\nreason = \"\xc3\xa4\xff\"", 24,
	  "[connect]\nreason = \"\xc3\xa4\xff\"\n" },
};

START_TEST(control_characters)
{
	ck_assert_str_eq(reading_of(controls[_i].text, controls[_i].n),
			 controls[_i].reading);
}
END_TEST

/* The last line counts without a newline, wherever the text is cut. */
START_TEST(cut_anywhere)
{
	static const char text[] = "[connect a:1 program=b]\nreason = \"a\\\"b\" # c\n"
				   "[listen [::1]:443]\nqlen = 7\n[log]\nlevel = info";
	size_t n = sizeof(text) - 1;

	for (size_t i = 0; i < n; i++)
		ck_assert_ptr_nonnull(reading_of(text, i));
	ck_assert_str_eq(reading_of(text, n),
			 "[connect a:1 program=b]\nreason = \"a\\\"b\"\n\n"
			 "[listen [::1]:443]\nqlen = 7\n\n[log]\nlevel = info\n");
}
END_TEST

/* --- limits ---------------------------------------------------------------------- */

#define LINE_MOST 65536

static const char *reading_of_line(size_t n, char fill)
{
	static char text[LINE_MOST + 100];
	int head = snprintf(text, sizeof(text), "[connect]\nreason = \"");

	memset(text + head, fill, sizeof(text) - (size_t)head);
	n += 10; /* the line before it */
	text[n - 1] = '"';
	return reading_of(text, n);
}

START_TEST(long_lines)
{
	ck_assert_uint_eq(strlen(reading_of_line(LINE_MOST, 'x')), LINE_MOST + 11);
	ck_assert_str_eq(reading_of_line(LINE_MOST + 1, 'x'),
			 "2:1: this line is longer than 64 KiB\n");
	ck_assert_str_eq(reading_of_line(LINE_MOST + 1, '\0'),
			 "2:1: this line is longer than 64 KiB\n");
}
END_TEST

START_TEST(large_texts)
{
	size_t n = 8 << 20, at = 0;
	char *text = malloc(n);

	memset(text, 'x', n);
	ck_assert_str_eq(reading_of(text, n), "1:1: this line is longer than 64 KiB\n");
	while (at + 14 <= n) {
		memcpy(text + at, "[connect a:1]\n", 14);
		at += 14;
	}
	memset(text + at, '\n', n - at);
	ck_assert_uint_eq(strlen(reading_of(text, n)), at / 14 * 15 - 1);
	memset(text, '\n', n);
	ck_assert_str_eq(reading_of(text, n), "");
	text[n - 1] = ']';
	ck_assert_str_eq(reading_of(text, n),
			 "8388608:1: this is neither a [section] nor a key = value\n");
	free(text);
}
END_TEST

/* --- every key ------------------------------------------------------------------- */

/* A value that the key takes, in its own words. */
static void some_value(enum rule_key k, char *to, size_t room)
{
	const struct rule_about *a = rule_about(k);
	uint64_t range = (uint64_t)(a->most - a->least) + 1;
	int64_t v = a->least;
	TEXT(t, 96);

	if (a->type == VALUE_keepalive)
		v = (int64_t)(unit_dice() % 32767 + 1) << 32 |
		    (int64_t)(unit_dice() % 32767 + 1) << 8 |
		    (int64_t)(unit_dice() % 127 + 1);
	else
		v += (int64_t)(unit_dice() % range);
	if (value_is_text(a->type)) {
		snprintf(to, room,
			 a->type == VALUE_word ? "w-%u" : "\"/a \\\" \\\\%u\"",
			 (unsigned int)(unit_dice() % 1000));
	} else {
		value_print(&t, a->type, v);
		snprintf(to, room, "%s", t.at);
	}
}

static void says_its_default(enum rule_key k)
{
	const struct rule_about *a = rule_about(k);
	int64_t v = rule_value(NULL, k), read = 0;

	ck_assert_ptr_null(rule_text(NULL, k));
	if (v == RULE_UNSET)
		return;
	ck_assert_ptr_null(
		value_parse(a->type, a->standard, strlen(a->standard), &read));
	ck_assert_msg(read == v, "%s is not '%s'", a->name, a->standard);
	ck_assert(v >= a->least && v <= a->most);
}

/* In each section that it belongs into, and in no other. */
START_TEST(keys)
{
	enum rule_key k = (enum rule_key)_i;
	const struct rule_about *a = rule_about(k);
	char value[160], text[300], wanted[300];

	ck_assert_uint_gt(strlen(a->does), 10);
	says_its_default(k);
	for (unsigned int s = SECTION_connect; s <= SECTION_log; s *= 2) {
		some_value(k, value, sizeof(value));
		snprintf(text, sizeof(text), "[%s]\n%s = %s\n", rule_section_name(s),
			 a->name, value);
		snprintf(wanted, sizeof(wanted),
			 "2:1: '%s' belongs into a section %s\n", a->name,
			 rule_section_name(a->sections));
		ck_assert_str_eq(reading_of(text, strlen(text)),
				 a->sections & s ? text : wanted);
	}
}
END_TEST

/* Its least and its most are taken, and nothing beyond. */
START_TEST(bounds)
{
	const struct rule_about *a = rule_about((enum rule_key)_i);
	if (value_is_text(a->type) || a->type == VALUE_keepalive ||
	    (a->type >= VALUE_payload && a->type <= VALUE_format) ||
	    a->type == VALUE_switch)
		return;

	int64_t tried[] = { a->least, a->most, a->least - 1, a->most + 1 };
	for (size_t i = 0; i < COUNT(tried); i++) {
		const char *reading;
		char text[200];
		TEXT(t, 96);

		if (tried[i] < 0)
			continue;
		value_print(&t, a->type, tried[i]);
		snprintf(text, sizeof(text), "[%s]\n%s = %s\n",
			 rule_section_name(a->sections), a->name, t.at);
		reading = reading_of(text, strlen(text));
		if (i < 2)
			ck_assert_str_eq(reading, text);
		else
			ck_assert_ptr_nonnull(strstr(reading, "' must be between "));
	}
}
END_TEST

/* --- random ones ----------------------------------------------------------------- */

static void random_target(FILE *f)
{
	static const char *const hosts[] = { "*",	    "a.example",
					     "*.b.example", "10.0.0.0/8",
					     "192.0.2.1",   "[2001:db8::/32]",
					     "[::1]" };
	unsigned int first = (unsigned int)(unit_dice() % 65535) + 1;

	fprintf(f, " %s", hosts[unit_dice() % COUNT(hosts)]);
	if (unit_dice() % 2)
		fprintf(f, ":%u", first);
	else if (unit_dice() % 2)
		fprintf(f, ":%u-%u,443", first, first + 3 > 65535 ? first : first + 3);
}

static void random_section(FILE *f)
{
	unsigned int section = 1u << unit_dice() % 4;

	fprintf(f, "[%s", rule_section_name(section));
	for (uint64_t n = section == SECTION_connect ? unit_dice() % 4 : 0; n; n--)
		random_target(f);
	fputs(unit_dice() % 4 ? "" : " program=curl,/usr/bin/wget", f);
	fputs(unit_dice() % 4 ? "]\n" : " user=1000,alice]\t # a comment\n\n", f);
	for (int k = KEYS - 1; k >= 0; k--) { /* not in their order */
		char value[160];

		if (!(rule_about((enum rule_key)k)->sections & section) ||
		    unit_dice() % 3)
			continue;
		some_value((enum rule_key)k, value, sizeof(value));
		fprintf(f, "  %s =\t%s  # %s\n", rule_about((enum rule_key)k)->name,
			value, value);
	}
}

/* reading_of() sees to the fixed point. */
START_TEST(random_policies)
{
	for (int i = 0; i < 500; i++) {
		char *text = NULL;
		const char *reading;
		size_t n;
		FILE *f = open_memstream(&text, &n);

		for (uint64_t k = unit_dice() % 12 + 1; k; k--)
			random_section(f);
		fclose(f);
		reading = reading_of(text, n);
		ck_assert_msg(reading[0] == '[', "%s\n%s", text, reading);
		free(text);
	}
}
END_TEST

static void all(TCase *c)
{
	tcase_add_loop_test(c, reads, 0, COUNT(heads));
	tcase_add_loop_test(c, control_characters, 0, COUNT(controls));
	tcase_add_test(c, cut_anywhere);
	tcase_add_test(c, long_lines);
	tcase_add_test(c, large_texts);
	tcase_add_loop_test(c, keys, 0, KEYS);
	tcase_add_loop_test(c, bounds, 0, KEYS);
	tcase_add_test(c, random_policies);
}

int main(void)
{
	return unit_run("policy", all);
}
