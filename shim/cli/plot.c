/* SPDX-License-Identifier: MIT */
/* plot: how times are spread, drawn with characters; see plot.h. */
#include "cli/plot.h"

#include <langinfo.h>
#include <string.h>

#include "cli/spell.h"

#define INDENT 2
#define LEAST 20 /* columns: less is no drawing */
#define LEVELS 8

static const char *const blocks[LEVELS + 1] = { " ", "▁", "▂", "▃", "▄",
						"▅", "▆", "▇", "█" };
static const char *const letters[LEVELS + 1] = { " ", ".", ":", "-", "=",
						 "+", "*", "#", "@" };

struct axis {
	double low, high;
	unsigned int columns, name;
};

static void stretch(struct axis *a, const struct plot_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		if (row->us[i] < a->low || a->high < a->low)
			a->low = row->us[i];
		if (row->us[i] > a->high)
			a->high = row->us[i];
	}
	if (strlen(row->name) > a->name)
		a->name = (unsigned int)strlen(row->name);
}

static unsigned int column_of(const struct axis *a, double us)
{
	double at = (us - a->low) / (a->high - a->low) * (a->columns - 1);

	return (unsigned int)(at + 0.5);
}

/* How many of a row there are in each column; the most in one. */
static unsigned int fill(const struct axis *a, const struct plot_row *row,
			 unsigned int ret_count[PLOT_COLUMNS])
{
	unsigned int most = 0;

	memset(ret_count, 0, PLOT_COLUMNS * sizeof(*ret_count));
	for (size_t i = 0; i < row->n; i++) {
		unsigned int n = ++ret_count[column_of(a, row->us[i])];

		most = n > most ? n : most;
	}
	return most;
}

/* One of a kind is seen, too; blanks at the end of a line are not. */
static void draw(FILE *to, const struct axis *a, const struct plot_row *row,
		 unsigned int most, const char *const *level)
{
	unsigned int count[PLOT_COLUMNS], end = a->columns;

	fill(a, row, count);
	while (end && !count[end - 1])
		end--;
	fprintf(to, "%*s%-*s", INDENT, "", end ? (int)a->name + 2 : 0, row->name);
	for (unsigned int i = 0; i < end; i++)
		fputs(level[(count[i] * LEVELS + most - 1) / most], to);
	putc('\n', to);
}

static void draw_axis(FILE *to, const struct axis *a, bool utf8)
{
	const int margin = INDENT + (int)a->name + 2;
	TEXT(low, 32);
	TEXT(high, 32);

	spell_ms(&low, a->low);
	spell_ms(&high, a->high);
	fprintf(to, "%*s%s", margin, "", utf8 ? "└" : "+");
	for (unsigned int i = 2; i < a->columns; i++)
		fputs(utf8 ? "─" : "-", to);
	fprintf(to, "%s\n", utf8 ? "┘" : "+");
	fprintf(to, "%*s%s%*s\n", margin, "", low.at, (int)(a->columns - low.n),
		high.at);
}

void plot_show(FILE *to, const struct plot_row *rows, size_t n, unsigned int width,
	       bool utf8)
{
	struct axis a = { .low = 0, .high = -1 };
	unsigned int most = 0, count[PLOT_COLUMNS];

	for (size_t i = 0; i < n; i++)
		stretch(&a, &rows[i]);
	if (!(a.high > a.low) || width < INDENT + a.name + 2 + LEAST)
		return;
	a.columns = width - INDENT - a.name - 2;
	if (a.columns > PLOT_COLUMNS)
		a.columns = PLOT_COLUMNS;
	for (size_t i = 0; i < n; i++) {
		unsigned int here = fill(&a, &rows[i], count);

		most = here > most ? here : most;
	}
	for (size_t i = 0; i < n; i++)
		draw(to, &a, &rows[i], most, utf8 ? blocks : letters);
	draw_axis(to, &a, utf8);
}

bool plot_has_blocks(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
