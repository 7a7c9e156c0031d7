/* SPDX-License-Identifier: MIT */
/*
 * sanitizer: AddressSanitizer as a library of its own ends a program in which something
 * stands before it. Told not to look, it works behind the object as well.
 */
#ifndef CLI_SANITIZER_H
#define CLI_SANITIZER_H

#include <stdbool.h>

#include "core/target.h"

/* Is it such a program? */
bool sanitizer_is_in(const struct target *target);
/* What ASAN_OPTIONS has to be for this program, to be freed; NULL: what it is. */
char *sanitizer_options(const struct target *target);

#endif
