/* SPDX-License-Identifier: MIT */
/* cli/plot: what is drawn of fixed times, as text. */
#include <stdlib.h>
#include <string.h>

#include "cli/plot.h"
#include "unit.h"

static const double plain[] = { 40000, 40100, 40200, 40300, 40400,
				40500, 41000, 40000, 40050, 42000 };
static const double fast[] = { 20000, 20100, 20200, 20300, 20000,
			       20000, 20000, 20000, 20000, 31000 };
static const struct plot_row both[] = {
	{ "plain", plain, COUNT(plain) },
	{ "Fast Open", fast, COUNT(fast) },
};

static void draws(const struct plot_row *rows, size_t n, unsigned int width, bool utf8,
		  const char *wanted)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	plot_show(to, rows, n, width, utf8);
	fclose(to);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(plot_blocks)
{
	draws(both, 2, 54, true,
	      "  plain                                          ▃▅▁ ▁\n"
	      "  Fast Open  █▁                  ▁\n"
	      "             └───────────────────────────────────────┘\n"
	      "             20.0 ms                           42.0 ms\n");
}
END_TEST

START_TEST(plot_letters)
{
	draws(both, 2, 54, false,
	      "  plain                                          -+. .\n"
	      "  Fast Open  @.                  .\n"
	      "             +---------------------------------------+\n"
	      "             20.0 ms                           42.0 ms\n");
}
END_TEST

/* No wider than it may be, however wide the terminal. */
START_TEST(plot_is_wide_enough)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	plot_show(to, both, 2, 4000, false);
	fclose(to);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_uint_le(strlen(line), 13 + PLOT_COLUMNS);
	free(text);
}
END_TEST

/* One of a thousand is seen. */
START_TEST(plot_shows_each)
{
	static double many[1000];
	const struct plot_row row = { "x", many, COUNT(many) };

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = 5;
	many[7] = 9000000;
	draws(&row, 1, 26, false,
	      "  x  @                   .\n"
	      "     +-------------------+\n"
	      "     0.01 ms       9000 ms\n");
}
END_TEST

START_TEST(plot_nothing)
{
	static const double same[] = { 7, 7, 7 };
	const struct plot_row none = { "x", NULL, 0 }, flat = { "x", same, 3 };
	const struct plot_row rows[] = { none, both[0] };

	draws(&none, 1, 80, true, "");
	draws(&flat, 1, 80, true, "");
	draws(both, 2, 30, true, "");
	draws(rows, 2, 29, false,
	      "  x\n"
	      "  plain  @-----    -        -\n"
	      "         +------------------+\n"
	      "         40.0 ms      42.0 ms\n");
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, plot_blocks);
	tcase_add_test(c, plot_letters);
	tcase_add_test(c, plot_is_wide_enough);
	tcase_add_test(c, plot_shows_each);
	tcase_add_test(c, plot_nothing);
}

int main(void)
{
	return unit_run("plot", add);
}
