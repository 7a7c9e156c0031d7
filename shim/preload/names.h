/* SPDX-License-Identifier: MIT */
/*
 * names: which host name the program means by an address: the one it looked up last.
 * Bounded; an entry is forgotten a day after it was looked up or used last,
 * and makes way for others before that where no rule names it.  Lookups
 * may come from any thread, questions from signal handlers too.
 */
#ifndef PRELOAD_NAMES_H
#define PRELOAD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/addr.h"

#define NAMES_BYTES 256 /* RFC 1035, section 2.3.4, and a NUL */

/* The program looked host up and found this address; numbers are no names. */
void names_learn(const char *host, const struct addr *a);
/* In lower case, without a dot at the end; false: no name is known. */
bool names_find(const struct addr *a, char *ret);

#endif
