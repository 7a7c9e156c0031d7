/* SPDX-License-Identifier: MIT */
/* self: which program this process runs, and by what the process itself is known. */
#ifndef CORE_SELF_H
#define CORE_SELF_H

#include <stdint.h>

/*
 * Asks the kernel: at the start of the process, since the file may be replaced while it
 * runs, and /proc may go out of sight.
 */
void self_find(void);
/* The path of its file, of an interpreter's for a script; empty: not known. */
const char *self_path(void);
/* ... without its directories. */
const char *self_name(void);

/* No other process has all three. */
struct self_process {
	uint32_t pid;	    /* as it knows itself */
	uint64_t start;	    /* field 22 of /proc/PID/stat; 0: not to be had */
	uint64_t pid_space; /* inode of /proc/self/ns/pid; 0: likewise */
};
/* Asks the kernel each time: a fork child is another. */
void self_process(struct self_process *ret);

#endif
