/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn, popen and system: what they start inherits the parent's sockets, for
 * want of SOCK_CLOEXEC, and is not to blame. The parent is.
 *
 * leaky: 2 socket CLOSE by prepare from main
 * child: nothing
 */
#include <spawn.h>
#include "leak.h"

extern char **environ;

FRAME static int prepare(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (fd < 0)
		err(1, "socket");
	return fd;
}

FRAME static pid_t spawn_a_reader(void)
{
	static char name[] = "cat";
	char *words[] = { name, NULL };
	pid_t pid;

	if (posix_spawn(&pid, "/bin/cat", NULL, NULL, words, environ))
		errx(1, "posix_spawn");
	printf("child %d\n", (int)pid);
	return pid;
}

FRAME static void shells(void)
{
	FILE *out = popen("echo it ran", "r");
	char line[16] = "";

	if (!out || !fgets(line, sizeof(line), out) || pclose(out))
		errx(1, "popen");
	if (system("true"))
		errx(1, "system");
}

int main(int argc, char **argv)
{
	int a, b;
	pid_t child;

	begin(argc, argv);
	a = prepare();
	b = prepare();
	shells();
	child = spawn_a_reader();
	if (!leaky) {
		close(a);
		close(b);
	}
	ready();
	reap(child);
	return 0;
}
