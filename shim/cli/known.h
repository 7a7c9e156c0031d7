/* SPDX-License-Identifier: MIT */
/*
 * known: the memory of destinations as it is at the moment, to look at: a copy, so that
 * nothing is changed, made or waited for.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "core/memory.h"
#include "core/text.h"

/* free() it.  NULL: why says so, in half a sentence. */
struct memory *known_read(struct text *why);
/* writes_first, ... */
const char *known_habit(enum habit h);

#endif
