/* SPDX-License-Identifier: MIT */
/*
 * leakset: what TFOSHIM_LEAKS asks for, "exit,stacks=full,warn-at=80%": text to values.
 * What is done about it is left to the ledger. async-signal-safe.
 */
#ifndef CORE_LEAKSET_H
#define CORE_LEAKSET_H

#include <stdbool.h>
#include <stdint.h>

#define LEAKSET_WORDS \
	"off, count, exit or fatal with an optional ,stacks=full and ,warn-at=80%"

struct leakset {
	int64_t report; /* of VALUE_report */
	bool whole_stacks;
	int warn_at; /* percent; 0: not said */
};

/* false: it says something else; ret is not to be used then. */
bool leakset_read(const char *s, struct leakset *ret);

#endif
