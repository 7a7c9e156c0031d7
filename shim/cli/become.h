/* SPDX-License-Identifier: MIT */
/* become: this process becomes a program, as the shell would start it. */
#ifndef CLI_BECOME_H
#define CLI_BECOME_H

#include "core/target.h"

/* command[0] is what target was read from. It returns if that fails: errno says why. */
void become(const struct target *target, char **command);

#endif
