/* SPDX-License-Identifier: MIT */
/*
 * share: files mapped by many.  Finds the state directory, creates and checks it and
 * the files in it, maps them; keeps no descriptor.  It does not know what is in the
 * files.
 */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

/*
 * The state directory's name into t: state (TFOSHIM_STATE) when given, else
 * /run/tfoshim for root, else runtime_dir (XDG_RUNTIME_DIR) and /tfoshim.  false: there
 * is none.
 */
bool share_directory(struct text *t, const char *state, const char *runtime_dir);
/*
 * Maps the file `name` in that directory shared and writable, `bytes` long, creating
 * both (0700, 0600) where missing.  Negative errno: -EPERM another owner, a mode open
 * to others or hard links; -ELOOP/-ENOTDIR a symbolic link; -EINVAL not a regular file
 * of that size.
 */
int share_map(const char *directory, const char *name, size_t bytes, void **ret);
/*
 * Maps a new file of that name, in the place of what had it: full of holes, so that
 * sys_writable_word() has to be asked before a page of it is first touched.
 */
int share_create(const char *directory, const char *name, size_t bytes, void **ret);
/* Negative errno; the directory is checked as ever. */
int share_rename(const char *directory, const char *from, const char *to);
int share_remove(const char *directory, const char *name);
/* Calls f for the names that begin with prefix, `most` at the most. */
void share_each(const char *directory, const char *prefix, int most,
		void (*f)(const char *name, void *with), void *with);
/* The same size, private to this process: what is left when share_map fails. */
int share_private(size_t bytes, void **ret);

#endif
