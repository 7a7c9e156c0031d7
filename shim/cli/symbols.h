/* SPDX-License-Identifier: MIT */
/*
 * symbols: names for the frames of a ledger. They are found by a process of its own:
 * the files that are read were written by others, and one that makes the reader fall,
 * or go round in circles, costs its own names and no others.
 */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/process.h"
#include "core/ledger.h"

struct symbols_name {
	const char *function, *file; /* NULL: not known */
	const char *symbol; /* function as the linker has it, where that differs */
	unsigned int line;  /* 0: not known */
	bool inlined;	    /* into the next one */
};

struct symbols_frame {
	uint64_t frame;
	const struct symbols_name *name; /* the innermost first */
	unsigned int names;		 /* 0: it has none */
};

struct symbols {
	struct symbols_frame *frame; /* sorted */
	size_t n, room;
	struct symbols_name *name;
	char *text;
	unsigned int patience_ms; /* with all files together; 0: 20 s */
	bool cut; /* some were not found for want of time, or their file is broken */
};

/* To be asked for; the same one any number of times. */
void symbols_want(struct symbols *s, uint64_t frame);
/* All that are wanted, of the modules of l as p has them, or as we do (NULL). */
void symbols_find(struct symbols *s, const struct ledger *l, const struct process *p);
/* NULL: it was not wanted. */
const struct symbols_frame *symbols_of(const struct symbols *s, uint64_t frame);
void symbols_drop(struct symbols *s);

#endif
