/* SPDX-License-Identifier: MIT */
/*
 * state: this process's mappings of the files that all of a user's processes share.
 * Each is mapped at the first need; where it cannot be, or was truncated since, memory
 * of this process alone takes its place, and that is said once.  async-signal-safe.
 */
#ifndef PRELOAD_STATE_H
#define PRELOAD_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct state_file {
	const char *name;
	size_t bytes;
	bool (*ready)(void *at); /* false: the file holds something else */
	_Atomic(void *) at;
};

/* From the environment, read once; either may be NULL. */
void state_setup(const char *state, const char *runtime_dir);
/* Empty: there is none. */
const char *state_directory(void);
/* NULL: not even memory. */
void *state_of(struct state_file *f);

#endif
