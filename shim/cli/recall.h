/* SPDX-License-Identifier: MIT */
/*
 * recall: the names of places, for who looks again and again: each is looked up once,
 * by the file it is in (path, build id, inode) and the offset there, so that who was
 * named keeps his name and a further look costs nothing.
 */
#ifndef CLI_RECALL_H
#define CLI_RECALL_H

#include "cli/symbols.h"

/*
 * All that is looked up from now on shall take so long together.  What finds no time is
 * not named, and is looked up the next time; what had RECALL_ENOUGH_MS and was not
 * found in it never again.
 */
#define RECALL_ENOUGH_MS 500
void recall_begin(unsigned int ms);
/* As symbols_find(). */
void recall_find(struct symbols *s, const struct ledger *l, const struct process *p);
/* Forgets all of them. */
void recall_drop(void);

#endif
