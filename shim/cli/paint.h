/* SPDX-License-Identifier: MIT */
/*
 * paint: colour, where stdout is a terminal that has it and nobody forbids it
 * (NO_COLOR, TERM=dumb), and how wide that terminal is. What is painted is left to the
 * verbs: no meaning may lie in the colour alone.
 */
#ifndef CLI_PAINT_H
#define CLI_PAINT_H

#include <stdbool.h>

enum paint {
	PAINT_NONE, /* back to what it was */
	PAINT_GOOD,
	PAINT_WARN,
	PAINT_BAD,
	PAINT_STRONG,
	PAINT_FAINT,
};

/* What a terminal is sent for it; "" where there is no colour. */
const char *paint(enum paint p);

/* Is there no terminal, by TERM, or one whose cursor cannot be moved? */
bool paint_is_dumb(void);

/* Does stdout go to somebody's eyes, and may the cursor be moved there? */
bool paint_is_terminal(void);

/*
 * Columns and lines of the terminal, or of COLUMNS and LINES, which go before; 0: there
 * is no end (a file, a pipe).
 */
unsigned int paint_width(void);
unsigned int paint_height(void);

#endif
