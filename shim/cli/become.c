/* SPDX-License-Identifier: MIT */
/* become: this process becomes a program; see become.h. */
#include "cli/become.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A script without "#!": glibc's execvp() asks the shell by itself, musl's does not. */
static void by_shell(const char *script, char **command)
{
	char **argv;
	size_t count = 0;

	while (command[count])
		count++;
	argv = calloc(count + 2, sizeof(*argv));
	if (!argv)
		return;
	argv[0] = (char *)"/bin/sh";
	argv[1] = (char *)script;
	memcpy(argv + 2, command + 1, count * sizeof(*argv));
	execv(argv[0], argv);
	free(argv);
	errno = ENOEXEC;
}

/* execvp() would have a shell read the code of another machine, too. */
void become(const struct target *target, char **command)
{
	const char *file = target->chain_len ? target->chain[0] : target->path;

	if (target->verdict == TARGET_OTHER_CLASS) {
		execv(file, command);
		return;
	}
	execvp(command[0], command);
	if (errno == ENOEXEC && target->chain_len)
		by_shell(file, command);
}
