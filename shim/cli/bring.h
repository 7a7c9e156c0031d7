/* SPDX-License-Identifier: MIT */
/*
 * bring: puts a whole file into a directory, or nothing: written under another name
 * first, then renamed. What the file is for is left to the caller.
 */
#ifndef CLI_BRING_H
#define CLI_BRING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How names of files begin that are not yet what they shall be. */
#define BRING_DRAFT ".tfoshim-"
#define BRING_DRAFT_SIZE (sizeof(BRING_DRAFT) + 32)
/* The one that was replaced, as long as it may have to come back. */
#define BRING_KEPT BRING_DRAFT "old"
/* Whoever has locked this file may change the directory. */
#define BRING_LOCK BRING_DRAFT "lock"

/* Reads a regular file whole, at most `most` bytes; free() it. Negative errno. */
ssize_t bring_read(int at, const char *name, size_t most, char **ret);
/*
 * A file with these bytes and a name of its own, which goes to ret_name: synced, but
 * not in its place. Negative errno.
 */
int bring_draft(int at, const void *bytes, size_t n, mode_t mode,
		char ret_name[BRING_DRAFT_SIZE]);
/* All of it: draft, then renamed to name. ret_changed: it was not the same before. */
int bring_bytes(int at, const char *name, const void *bytes, size_t n, mode_t mode,
		bool *ret_changed);
/*
 * The draft of `name` with the content of the file `from`; no name in ret_draft: it is
 * the same already. Whoever brings several renames them when all are drafted.
 */
int bring_file(int at, const char *name, const char *from, mode_t mode,
	       char ret_draft[BRING_DRAFT_SIZE]);
/* Would it change anything? 1, 0, or a negative errno. */
int bring_is_new(int at, const char *name, const char *from, mode_t mode);
/*
 * Two who change one directory wait for each other: the lock, or a negative errno;
 * -ETIMEDOUT: somebody else has it.
 */
int bring_lock_take(int directory);
/* Before the directory is closed, or removed. */
void bring_lock_drop(int directory, int lock);
/* Removes the drafts that somebody left who was killed: how many. */
size_t bring_sweep(int at);
/* Is it a name of a draft, or the lock's? */
bool bring_is_left(const char *name);

#endif
