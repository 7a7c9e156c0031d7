/* SPDX-License-Identifier: MIT */
/*
 * interpreter: which files run programs that are no machine code: their own frames are
 * not on the stack that one sees.
 */
#ifndef CLI_INTERPRETER_H
#define CLI_INTERPRETER_H

/* The language of a program or library by its path, or NULL: it is none of those. */
const char *interpreter_of(const char *path);

#endif
