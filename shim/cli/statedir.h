/* SPDX-License-Identifier: MIT */
/*
 * statedir: the state directory as doctor sees it: may programs share what they learn
 * there, is each file of it one that they will use? It changes and makes nothing.
 */
#ifndef CLI_STATEDIR_H
#define CLI_STATEDIR_H

#include "cli/findings.h"
#include "core/text.h"

/* Can what is learnt be kept? false: why not says so, in half a sentence. */
bool statedir_keeps(struct text *why_not);
void statedir_check(struct findings *findings);

#endif
