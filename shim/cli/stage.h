/* SPDX-License-Identifier: MIT */
/*
 * stage: a file with another content, for this process and its children alone: in a
 * mount namespace of their own. What is tried there is left to the caller.
 */
#ifndef CLI_STAGE_H
#define CLI_STAGE_H

#include <stdbool.h>

/*
 * In that directory `name` is what `draft` is, from now on: for a child process, since
 * there is no way back. false: there is none to be had. That takes privilege, and a
 * root that is mounted: no mount of ours may reach others.
 */
bool stage_enter(int directory, const char *draft, const char *name);

#endif
