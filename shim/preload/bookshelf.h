/* SPDX-License-Identifier: MIT */
/*
 * bookshelf: the files of ledgers: this process's is made, named, taken away; those
 * that dead processes left are thrown out after a day, or where there are too many.  It
 * does not know what is written in them.  async-signal-safe.
 */
#ifndef PRELOAD_BOOKSHELF_H
#define PRELOAD_BOOKSHELF_H

#include "core/ledger.h"
#include "core/text.h"

#define BOOKSHELF_NAME 96

/*
 * A new ledger, under a name that is only this thread's; else one in memory (an empty
 * name), or NULL.  Then either bookshelf_keep() gives the file its name, or
 * bookshelf_put_back() forgets all of it.
 */
struct ledger *bookshelf_new(char *ret_name, uint32_t parent);
void bookshelf_keep(struct ledger *l, const char *name);
void bookshelf_put_back(struct ledger *l, const char *name);
/* The mapping, in a process that has no business with it. */
void bookshelf_drop(struct ledger *l);
/* The file of the process that this one was forked from is not ours. */
void bookshelf_forget(void);
/* For the time of an exec; and back, where it failed. */
void bookshelf_lend(void);
void bookshelf_get_back(void);
/* false: it is still there. */
bool bookshelf_remove(void);
/* The file of the ledger, or nothing. */
void bookshelf_path(struct text *t);

#endif
