/* SPDX-License-Identifier: MIT */
/*
 * table: columns in line, on stdout: as wide as what is in them, cut where the terminal
 * ends. Cells are cleaned of what a terminal would obey. What is in them is left to the
 * verbs.
 *
 *	static const struct table_column columns[] = {
 *		{ .title = "destination", .may_shrink = true },
 *		{ .title = "rode", .right = true },
 *		{ 0 },
 *	};
 *	struct table *t = table_begin(columns);
 *
 *	table_cell(t, PAINT_NONE, "%s", name);
 *	table_cell(t, PAINT_GOOD, "%u", rode);
 *	table_show(t);
 *	table_drop(t);
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>

#include "cli/paint.h"

struct table_column {
	const char *title;  /* NULL ends the columns; "": it has none */
	bool right;	    /* numbers */
	bool may_shrink;    /* is cut first, where the terminal is too narrow */
	unsigned int least; /* never narrower: for lines that come one by one */
};

#define TABLE_INDENT 2

struct table;

/* Ends the program where there is no memory. */
struct table *table_begin(const struct table_column *columns);
/* The next cell, row by row. */
void table_cell(struct table *t, enum paint p, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The cells of the row that are missing are empty. */
void table_end_row(struct table *t);
/*
 * The rows that were not shown yet; the first time, the titles before them. Columns
 * never grow narrower again, so it may be called for each row, or for all at once.
 */
void table_show(struct table *t);
/* The titles again with the next row: the screen was wiped, or has rolled on. */
void table_title_again(struct table *t);
void table_drop(struct table *t);

/* What a terminal would obey, or has no width, becomes '?'; so does what is no UTF-8.
 */
void table_clean(char *text);
/* How many columns of a terminal this takes. */
unsigned int table_width(const char *text);

#endif
