/* SPDX-License-Identifier: MIT */
/* hooks_file: a stream is about to read inside libc. */
#ifndef PRELOAD_HOOKS_FILE_H
#define PRELOAD_HOOKS_FILE_H

#include <stdio.h>

void file_before_read(FILE *f);
void file_before_stdin(void);

#endif
