/* SPDX-License-Identifier: MIT */
/*
 * library: libraries that are loaded when they are needed, so that tfo runs where they
 * are not installed, and begins no later for what a verb does not use.
 */
#ifndef CLI_LIBRARY_H
#define CLI_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* A function, and where in a struct of pointers it belongs. */
struct library_row {
	const char *name;
	size_t at;
};

struct library {
	const char *const *names; /* the first that is there; NULL ends them */
	const struct library_row *rows;
	size_t n;
	bool tried, good;
};

#define LIBRARY_ROWS(rows) (rows), sizeof(rows) / sizeof(*(rows))

/* Once; false: it is not installed, or too old. */
bool library_load(struct library *l, void *ret_functions);
/* One function of one library, or NULL. */
void *library_function(const char *library, const char *name);

#endif
