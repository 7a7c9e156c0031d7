/* SPDX-License-Identifier: MIT */
/*
 * borne: do programs of this system start with the object as they did before? What is
 * wrong is said.
 */
#ifndef CLI_BORNE_H
#define CLI_BORNE_H

#include <limits.h>
#include <stdbool.h>

#include "cli/swap.h"
#include "cli/trial.h"
#include "core/text.h"

/* These are exit statuses of a process, too. */
enum borne { BORNE_WELL, BORNE_NOT, BORNE_UNKNOWN };

/* As things are, to compare with; false: they do not start at all. */
bool borne_before(struct trial *ret);
/* preload: their LD_PRELOAD; "": as ld.so.preload has it. */
bool borne_now(const char *preload, const struct trial *before);
/*
 * Under the list that is drafted, where nobody else sees it; set-user-ID programs too.
 * Unknown: there is no such place.
 */
enum borne borne_rehearse(const struct swap *list);
/* The object that ld.so.preload brings to them: false: why it will not do. */
bool borne_path(char ret_path[PATH_MAX], struct text *why);

#endif
