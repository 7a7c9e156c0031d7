/* SPDX-License-Identifier: MIT */
/*
 * looks: what was seen at each place when somebody last looked, in a file in the state
 * directory. Places that nobody asks about any more make room for others.
 */
#ifndef CLI_LOOKS_H
#define CLI_LOOKS_H

#include "cli/ledgers.h"
#include "cli/places.h"

/* Sets how much each place has grown since, and notes how it is now. */
void looks_compare(const struct ledgers_one *one, struct places *places);

#endif
