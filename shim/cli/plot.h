/* SPDX-License-Identifier: MIT */
/*
 * plot: how times are spread, of one kind and of another, drawn with characters over
 * one axis. What the times are is left to the verbs.
 */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct plot_row {
	const char *name;
	const double *us;
	size_t n;
};

#define PLOT_COLUMNS 100 /* of the drawing, at most */

/*
 * A line for each row, and the axis; width columns wide, and without one over. utf8:
 * eight heights of blocks, else letters that grow darker. Nothing, where there is
 * nothing to draw or no room.
 */
void plot_show(FILE *to, const struct plot_row *rows, size_t n, unsigned int width,
	       bool utf8);
/* Does stdout's locale have blocks? setlocale() was called. */
bool plot_has_blocks(void);

#endif
