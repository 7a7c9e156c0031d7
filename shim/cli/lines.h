/* SPDX-License-Identifier: MIT */
/*
 * lines: which function and which line of the source a place in a file belongs to, by
 * its debug data or that beside it, else by its symbols. The files are not to be
 * trusted, nor is a library that reads them: to be called in a process that may end.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "cli/process.h"
#include "core/ledger_view.h"

struct lines_name {
	const char *function, *file; /* NULL: not known */
	const char *symbol; /* function as the linker has it, where that differs */
	unsigned int line;  /* 0: not known */
	bool inlined;	    /* into what comes next */
};

struct lines;

/*
 * The module of a process, or of one that is dead (NULL). NULL: its file is not to be
 * had, or is another by now.
 */
struct lines *lines_open(const struct process *p, const struct ledger_image *module);
/*
 * Tells f where the call is that returns to that offset in the file: the innermost
 * function first, then those that it was inlined into.
 */
void lines_name(struct lines *l, uint64_t offset,
		void (*f)(const struct lines_name *name, void *with), void *with);
void lines_close(struct lines *l);

#endif
