/* SPDX-License-Identifier: MIT */
/* core/suppress: lines, patterns. */
#include <string.h>

#include "core/suppress.h"
#include "unit.h"

static bool read(const char **at, struct suppress_line *ret)
{
	return suppress_next(at, *at + strlen(*at), ret);
}

START_TEST(suppress_lines)
{
	const char *at = "# all\n\n  pool_open 16 # four\n*\t\r\nbad x\nbad 1 2\nlast";
	struct suppress_line s;

	ck_assert(read(&at, &s));
	ck_assert(s.n == 9 && !memcmp(s.pattern, "pool_open", 9) && s.most == 16);
	ck_assert(read(&at, &s) && s.n == 1 && s.most == SUPPRESS_ALL);
	ck_assert(read(&at, &s) && s.n == 0);
	ck_assert(read(&at, &s) && s.n == 0);
	ck_assert(read(&at, &s) && s.n == 4 && s.most == SUPPRESS_ALL);
	ck_assert(!read(&at, &s));
	at = "x 100000000000";
	ck_assert(read(&at, &s) && s.n == 0);
	at = " \n\t# only this";
	ck_assert(!read(&at, &s));
}
END_TEST

START_TEST(suppress_patterns)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "f", "f", true },
		{ "f", "ff", false },
		{ "ff", "f", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "f*", "f", true },
		{ "f*", "af", false },
		{ "*f", "abf", true },
		{ "*f", "abfa", false },
		{ "a*b*c", "axbxbxc", true },
		{ "a*b*c", "axcxb", false },
		{ "libpq.so*", "/usr/lib/libpq.so.5", true },
		{ "/usr/lib/*", "/usr/lib/libpq.so.5", true },
		{ "pq.so.5", "/usr/lib/libpq.so.5", false },
		{ "lib", "/usr/lib/libpq.so.5", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct suppress_line s = { rows[i].pattern, strlen(rows[i].pattern),
					   SUPPRESS_ALL };

		ck_assert_msg(suppress_matches(&s, rows[i].name) == rows[i].matches,
			      "%s, %s", rows[i].pattern, rows[i].name);
	}
}
END_TEST

/* What runtimes keep is one socket of one place, never all of a program. */
START_TEST(suppress_own_lines)
{
	const char *at = suppress_runtimes, *end = at + strlen(at);
	struct suppress_line line;
	unsigned int n = 0;

	for (; suppress_next(&at, end, &line); n++)
		ck_assert_msg(line.n > 8 && line.most == 1 &&
				      !memchr(line.pattern, '*', line.n),
			      "line %u", n + 1);
	ck_assert(n > 0);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, suppress_own_lines);
	tcase_add_test(c, suppress_lines);
	tcase_add_test(c, suppress_patterns);
}

int main(void)
{
	return unit_run("suppress", add);
}
