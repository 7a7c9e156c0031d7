/* SPDX-License-Identifier: MIT */
/* table: columns in line; see table.h. */
#include "cli/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 24	   /* columns */
#define SHORTEST 8 /* what is cut keeps that much */
#define GAP 2

struct cell {
	char *text;
	enum paint paint;
};

struct table {
	const struct table_column *columns;
	unsigned int n, width[MOST];
	struct cell *cell;
	size_t cells, room;
	bool is_titled;
};

/* --- text on a terminal ---------------------------------------------------------- */

/*
 * Bytes of the character there, 1 for what is none. What moves a cursor, turns the
 * direction of writing or has no width is none either.
 */
static unsigned int character(const char *at)
{
	const unsigned char *u = (const unsigned char *)at;
	unsigned int bytes = u[0] < 0xc2   ? 1
			     : u[0] < 0xe0 ? 2
			     : u[0] < 0xf0 ? 3
			     : u[0] < 0xf5 ? 4
					   : 1;
	uint32_t code = u[0] & (0xffu >> (bytes + 1));

	for (unsigned int i = 1; i < bytes; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (u[i] & 0x3f);
	}
	if (bytes > 1 && (code < 0xa0 || (code >= 0x300 && code < 0x370) ||
			  (code >= 0x200b && code < 0x2070) || code == 0xfeff))
		return 1;
	return bytes;
}

void table_clean(char *text)
{
	for (unsigned int bytes; *text; text += bytes) {
		bytes = character(text);
		/* char may be unsigned: aarch64 */
		if (bytes == 1 && ((signed char)*text < ' ' || *text == 0x7f))
			*text = '?';
	}
}

unsigned int table_width(const char *text)
{
	unsigned int n = 0;

	for (; *text; text += character(text))
		n++;
	return n;
}

/* The text, its end cut off and marked where it takes more. */
static void put(const char *text, unsigned int most)
{
	unsigned int width = table_width(text), keep = width;

	if (width > most)
		keep = most > 3 ? most - 3 : most;
	for (unsigned int i = 0; i < keep; i++) {
		unsigned int bytes = character(text);

		fwrite(text, 1, bytes, stdout);
		text += bytes;
	}
	if (width > most && most > 3)
		fputs("...", stdout);
}

/* --- filling --------------------------------------------------------------------- */

static void *must_have(void *p)
{
	if (p)
		return p;
	fputs("tfo: no memory\n", stderr);
	exit(125);
}

static void widen(struct table *t, unsigned int column, unsigned int width)
{
	if (t->width[column] < width)
		t->width[column] = width;
}

struct table *table_begin(const struct table_column *columns)
{
	struct table *t = must_have(calloc(1, sizeof(*t)));

	t->columns = columns;
	for (; t->n < MOST && columns[t->n].title; t->n++) {
		widen(t, t->n, columns[t->n].least);
		widen(t, t->n, table_width(columns[t->n].title));
	}
	return t;
}

void table_cell(struct table *t, enum paint p, const char *format, ...)
{
	va_list args;
	struct cell *cell;
	int len;

	if (t->cells == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cell = must_have(reallocarray(t->cell, t->room, sizeof(*cell)));
	}
	cell = &t->cell[t->cells];
	va_start(args, format);
	len = vasprintf(&cell->text, format, args);
	va_end(args);
	if (len < 0)
		must_have(NULL);
	table_clean(cell->text);
	cell->paint = p;
	widen(t, (unsigned int)(t->cells++ % t->n), table_width(cell->text));
}

void table_end_row(struct table *t)
{
	while (t->cells % t->n)
		table_cell(t, PAINT_NONE, "%s", "");
}

/* --- showing --------------------------------------------------------------------- */

static unsigned int all(const struct table *t)
{
	unsigned int n = TABLE_INDENT + GAP * (t->n - 1);

	for (unsigned int i = 0; i < t->n; i++)
		n += t->width[i];
	return n;
}

/* The widest of those that may goes first, down to the next. */
static void shrink(const struct table *t, unsigned int ret_width[MOST])
{
	unsigned int limit = paint_width(), have = all(t);

	memcpy(ret_width, t->width, sizeof(t->width));
	while (limit && have > limit) {
		unsigned int widest = MOST;

		for (unsigned int i = 0; i < t->n; i++)
			if (t->columns[i].may_shrink && ret_width[i] > SHORTEST &&
			    (widest == MOST || ret_width[i] > ret_width[widest]))
				widest = i;
		if (widest == MOST)
			return;
		ret_width[widest]--;
		have--;
	}
}

/* Cells of a row, one after the other; what is owed is no line's end. */
struct row {
	const struct table *table;
	const unsigned int *width;
	unsigned int column, owed;
};

static void show_cell(struct row *row, const char *text, enum paint p)
{
	unsigned int width = row->width[row->column], takes = table_width(text);
	unsigned int rest = takes < width ? width - takes : 0;
	bool right = row->table->columns[row->column++].right;

	if (!takes) {
		row->owed += width + GAP;
		return;
	}
	printf("%*s%s", (int)(row->owed + (right ? rest : 0)), "", p ? paint(p) : "");
	put(text, width);
	if (p)
		fputs(paint(PAINT_NONE), stdout);
	row->owed = GAP + (right ? 0 : rest);
}

static void show_titles(struct table *t, const unsigned int width[MOST])
{
	struct row row = { t, width, 0, TABLE_INDENT };
	bool any = false;

	for (unsigned int i = 0; i < t->n; i++)
		any = any || *t->columns[i].title;
	t->is_titled = true;
	if (!any)
		return;
	for (unsigned int i = 0; i < t->n; i++)
		show_cell(&row, t->columns[i].title, PAINT_FAINT);
	putchar('\n');
}

void table_show(struct table *t)
{
	unsigned int width[MOST];

	table_end_row(t);
	shrink(t, width);
	if (!t->is_titled)
		show_titles(t, width);
	for (size_t i = 0; i < t->cells; i += t->n) {
		struct row row = { t, width, 0, TABLE_INDENT };

		for (unsigned int k = 0; k < t->n; k++)
			show_cell(&row, t->cell[i + k].text, t->cell[i + k].paint);
		putchar('\n');
	}
	for (size_t i = 0; i < t->cells; i++)
		free(t->cell[i].text);
	t->cells = 0;
}

void table_title_again(struct table *t)
{
	t->is_titled = false;
}

void table_drop(struct table *t)
{
	for (size_t i = 0; i < t->cells; i++)
		free(t->cell[i].text);
	free(t->cell);
	free(t);
}
