/* SPDX-License-Identifier: MIT */
/* paint: colour and the size of the terminal; see paint.h. */
#include "cli/paint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const escapes[] = {
	[PAINT_NONE] = "\033[0m", [PAINT_GOOD] = "\033[32m",  [PAINT_WARN] = "\033[33m",
	[PAINT_BAD] = "\033[31m", [PAINT_STRONG] = "\033[1m", [PAINT_FAINT] = "\033[2m",
};

bool paint_is_dumb(void)
{
	const char *terminal = getenv("TERM");

	return !terminal || !*terminal || !strcmp(terminal, "dumb");
}

bool paint_is_terminal(void)
{
	return isatty(STDOUT_FILENO) && !paint_is_dumb();
}

/* See no-color.org. */
const char *paint(enum paint p)
{
	static enum { UNASKED, YES, NO } allowed;
	const char *no_colour;

	if (allowed == UNASKED) {
		no_colour = getenv("NO_COLOR");
		allowed = paint_is_terminal() && !(no_colour && *no_colour) ? YES : NO;
	}
	return allowed == YES ? escapes[p] : "";
}

/* What the environment says, or 0. */
static unsigned int told(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	return n && text[0] != '-' && !*end && n < 10000 ? (unsigned int)n : 0;
}

unsigned int paint_width(void)
{
	unsigned int n = told("COLUMNS");
	struct winsize size;

	if (!n && isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col ? size.ws_col : 80;
	return n;
}

unsigned int paint_height(void)
{
	unsigned int n = told("LINES");
	struct winsize size;

	if (!n && isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_row ? size.ws_row : 24;
	return n;
}
