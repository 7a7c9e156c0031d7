/* SPDX-License-Identifier: MIT */
/*
 * known: the memory of destinations: a copy of what it is at the moment, to look at, so
 * that nothing is changed, made or waited for; or the file itself, to forget in it.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "core/memory.h"
#include "core/rule.h"
#include "core/text.h"

/*
 * free() it.  NULL: why says so, in half a sentence; ret_none: it is just that there is
 * none yet.
 */
struct memory *known_read(struct text *why, bool *ret_none);
/*
 * The file itself, mapped: what is changed there holds for all programs at once.  NULL:
 * as above; ret_none: it is just that there is none yet.
 */
struct memory *known_map(struct text *why, bool *ret_none);
/* ... made where there is none yet, as a program under the shim would. */
struct memory *known_make(struct text *why);
/* What a policy's rule says about destinations; NULL: the defaults. */
struct memory_rule known_rule(const struct rule *rule);
/* writes_first, ... */
const char *known_habit(enum habit h);

#endif
