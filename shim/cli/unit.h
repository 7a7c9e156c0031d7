/* SPDX-License-Identifier: MIT */
/*
 * unit: a service of systemd as its files have it: which they are, in what order they
 * hold, and what of them matters to a preloaded object. systemd need not run. What is
 * to become of it is left to the caller.
 */
#ifndef CLI_UNIT_H
#define CLI_UNIT_H

#include <limits.h>
#include <stdbool.h>

#include "core/text.h"

#define UNIT_OURS "zz-tfoshim.conf" /* the last drop-in; not read */
#define UNIT_ETC "/etc/systemd/system"

struct unit {
	char name[NAME_MAX + 1]; /* its own, where it was asked for by another */
	char *preload;		 /* LD_PRELOAD by its Environment= lines */
	char *winner;		 /* the EnvironmentFile= that sets LD_PRELOAD too */
	char *command;		 /* the program of its first ExecStart= */
	char *root;		 /* RootDirectory= or RootImage= */
	bool unset;		 /* UnsetEnvironment= takes LD_PRELOAD away */
};

/*
 * name may lack ".service". false: why not, a whole sentence without its end; then ret
 * has the name and nothing else, or not even that.
 */
bool unit_read(const char *name, struct unit *ret, struct text *why);
void unit_drop(struct unit *u);

#endif
