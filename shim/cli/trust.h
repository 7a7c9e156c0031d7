/* SPDX-License-Identifier: MIT */
/*
 * trust: who can change a file. What is loaded into programs of all users, those of
 * root too, may be in the hands of root alone: the file and every directory above it.
 */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include <stdbool.h>

#include "core/text.h"

/* false: why, half a sentence that begins with a name. */
bool trust_file(const char *path, struct text *why);

#endif
