/* SPDX-License-Identifier: MIT */
/* self: which program this process runs. */
#ifndef CORE_SELF_H
#define CORE_SELF_H

/*
 * Asks the kernel: at the start of the process, since the file may be replaced while it
 * runs, and /proc may go out of sight.
 */
void self_find(void);
/* The path of its file, of an interpreter's for a script; empty: not known. */
const char *self_path(void);
/* ... without its directories. */
const char *self_name(void);

#endif
