/* SPDX-License-Identifier: MIT */
/*
 * completion: what may stand where the cursor of a shell is, read from the tables of
 * the verbs. The scripts in wrappers/completion ask it at each press of the tab key.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

struct verb;

/*
 * words: what stands behind `tfo`, the last one being the one to complete, maybe "".
 * One line per candidate, "WORD<tab>MEANING"; or ":KIND" (see options.h) where the
 * shell knows better; ":command N": the words from the Nth on are a command line.
 * NULL ends the verbs.
 */
void completion_show(FILE *to, const struct verb *const *verbs, int n, char **words);

#endif
