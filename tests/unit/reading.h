/* SPDX-License-Identifier: MIT */
/* reading: what comes of a policy's text: its errors, or itself as it is printed. */
#ifndef READING_H
#define READING_H

#include <stddef.h>

#include "core/policy.h"

/*
 * Each error as "line:column: sentence\n"; of a good one the print, which was read and
 * printed once more to see that it stays.  Good until the next reading.
 */
const char *reading_of(const char *text, size_t n);

struct reading_row {
	const char *text, *reading;
};
/* For texts without NUL. */
void reading_is(const struct reading_row *row);

#endif
