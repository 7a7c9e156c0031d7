/* SPDX-License-Identifier: MIT */
/* stage: a file with another content, for us alone; see stage.h. */
#include "cli/stage.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

/* A directory that is ours before unshare() is one of the new namespace behind it. */
bool stage_enter(int directory, const char *draft, const char *name)
{
	return fchdir(directory) == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(draft, name, NULL, MS_BIND, NULL) == 0 && chdir("/") == 0;
}
