/* SPDX-License-Identifier: MIT */
/*
 * unit: a service of systemd as its files have it: what of them matters to a preloaded
 * object. systemd need not run. What is to become of it is left to the caller.
 */
#ifndef CLI_UNIT_H
#define CLI_UNIT_H

#include <limits.h>
#include <stdbool.h>

#include "core/text.h"

#define UNIT_OURS "zz-tfoshim.conf" /* the last drop-in; not read */

struct unit {
	char name[NAME_MAX + 1];  /* its own, where it was asked for by another */
	char asked[NAME_MAX + 1]; /* the name that it was asked for by, whole */
	char *preload;		  /* LD_PRELOAD by its Environment= lines */
	char *winner;		  /* the file that has the last word about LD_PRELOAD */
	char *command;		  /* the program of its first ExecStart= */
	char *root;		  /* RootDirectory= or RootImage= */
	bool touched;		  /* the file that is read speaks of LD_PRELOAD */
	bool unset;		  /* UnsetEnvironment= takes LD_PRELOAD away */
};

/*
 * name may lack ".service". false: why not, a whole sentence without its end; then ret
 * has the name and nothing else, or not even that.
 */
bool unit_read(const char *name, struct unit *ret, struct text *why);
void unit_drop(struct unit *u);

#endif
