/* SPDX-License-Identifier: MIT */
/*
 * lesson: what a probe sees, told to the memory of destinations, for all programs: at
 * once, since of strikes only those count that begin after the one before was known.
 */
#ifndef CLI_LESSON_H
#define CLI_LESSON_H

#include "cli/attempt.h"
#include "core/memory.h"

void lesson_teach(struct memory *m, const struct addr *to, const struct attempt *a);

#endif
