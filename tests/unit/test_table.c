/* SPDX-License-Identifier: MIT */
/* cli/table, cli/paint: columns in line. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/table.h"
#include "unit.h"

static const struct table_column columns[] = {
	{ .title = "name", .may_shrink = true },
	{ .title = "n", .right = true },
	{ .title = "why" },
	{ 0 },
};

static char said[4096];
static int shown_to, before;

/* stdout is a file from here ... */
static void listen(void)
{
	fflush(stdout);
	before = dup(STDOUT_FILENO);
	shown_to = open(unit_path("said"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(before, 0);
	ck_assert_int_ge(dup2(shown_to, STDOUT_FILENO), 0);
}

/* ... to here. */
static const char *heard(void)
{
	ssize_t n;

	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	n = pread(shown_to, said, sizeof(said) - 1, 0);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	close(shown_to);
	close(before);
	return said;
}

static void row(struct table *t, const char *name, unsigned int n, const char *why)
{
	table_cell(t, PAINT_GOOD, "%s", name);
	table_cell(t, PAINT_NONE, "%u", n);
	table_cell(t, PAINT_NONE, "%s", why);
}

START_TEST(table_lines_up)
{
	struct table *t = table_begin(columns);

	unsetenv("COLUMNS");
	row(t, "a", 1, "");
	row(t, "longer", 12345, "x y");
	row(t, "\xc3\xa4\xc3\xb6", 7, "z");
	listen();
	table_show(t);
	row(t, "b", 2, "later");
	table_show(t);
	table_title_again(t);
	row(t, "c", 3, "");
	table_show(t);
	ck_assert_str_eq(heard(), "  name        n  why\n"
				  "  a           1\n"
				  "  longer  12345  x y\n"
				  "  \xc3\xa4\xc3\xb6          7  z\n"
				  "  b           2  later\n"
				  "  name        n  why\n"
				  "  c           3\n");
	table_drop(t);
}
END_TEST

START_TEST(table_ends_where_the_terminal_does)
{
	struct table *t = table_begin(columns);

	setenv("COLUMNS", "24", 1);
	row(t, "abcdefghijklmnop", 12, "because");
	row(t, "abcdefghijk", 3, "short");
	row(t, "abc", 3, "short");
	listen();
	table_show(t);
	ck_assert_str_eq(heard(), "  name        n  why\n"
				  "  abcdef...  12  because\n"
				  "  abcdef...   3  short\n"
				  "  abc         3  short\n");
	table_drop(t);
}
END_TEST

START_TEST(table_obeys_nobody)
{
	struct table *t = table_begin(columns);

	unsetenv("COLUMNS");
	row(t, "\033[2Jx\ny\x7f", 1,
	    "\xc2\x9b"
	    "31m");
	row(t, "\xff\xc3", 1,
	    "\xe2\x80\xae"
	    "abc");
	listen();
	table_show(t);
	table_drop(t);
	heard();
	for (const char *at = said; *at; at++)
		ck_assert(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	ck_assert_ptr_nonnull(strstr(said, "?[2Jx?y?"));
}
END_TEST

START_TEST(paint_needs_a_terminal)
{
	listen();
	ck_assert_str_eq(paint(PAINT_BAD), "");
	ck_assert(!paint_is_terminal());
	setenv("COLUMNS", "-3", 1);
	ck_assert_uint_eq(paint_width(), 0);
	setenv("COLUMNS", "120", 1);
	ck_assert_uint_eq(paint_width(), 120);
	unsetenv("COLUMNS");
	ck_assert_uint_eq(paint_width(), 0);
	heard();
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, table_lines_up);
	tcase_add_test(c, table_ends_where_the_terminal_does);
	tcase_add_test(c, table_obeys_nobody);
	tcase_add_test(c, paint_needs_a_terminal);
}

int main(void)
{
	return unit_run("table", add);
}
