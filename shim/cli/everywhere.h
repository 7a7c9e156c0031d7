/* SPDX-License-Identifier: MIT */
/*
 * everywhere: the object in front of every program of this system, by ld.so.preload(5),
 * and out again. Nothing is left half done: the new list is tried before it is there
 * and once it is, and what fails is taken back.
 */
#ifndef CLI_EVERYWHERE_H
#define CLI_EVERYWHERE_H

#include <stdbool.h>

#include "cli/findings.h"

/* dry: only say what would be done. These give exit statuses. */
int everywhere_install(bool dry);
int everywhere_uninstall(bool dry);
/* Tells of it, if the object stands there: do programs start with it? */
void everywhere_check(struct findings *findings);

#endif
