/* SPDX-License-Identifier: MIT */
/*
 * trust: who can change a file. What is loaded into programs of all users, those of
 * root too, may be in the hands of root alone: the file and every directory above it.
 * All users have to reach it.
 */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include <limits.h>
#include <stdbool.h>

#include "core/text.h"

/*
 * path: an absolute one; it becomes its real one, since a link on the way may be
 * another's. false: why, half a sentence that begins with a name.
 */
bool trust_file(char path[PATH_MAX], struct text *why);

#endif
