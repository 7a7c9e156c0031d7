/* SPDX-License-Identifier: MIT */
/* execs: other programs: exec in a child, spawn, and the shell's children. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int execveat(int directory, const char *path, char *const argv[], char *const envp[],
	     int flags) MAYBE;

extern char **environ;

/* --- exec ------------------------------------------------------------------ */

#define SCRIPT "echo \"$0 $*\" ${GREETING-no greeting}; exit 7"

static char *const arguments[] = { "sh", "-c", SCRIPT, "zero", "one", "", "two", NULL };
static char *const greeting[] = { "GREETING=hello", NULL };
static char *const short_path[] = { "PATH=/nowhere", NULL };

FRAGMENT(execve)
{
	IN_CHILD(execve("/bin/sh", arguments, greeting));
	IN_CHILD(STEP(execve("/nowhere", arguments, environ)));
	IN_CHILD(STEP(execve("/", arguments, environ)));
	IN_CHILD(STEP(execve(nowhere, arguments, environ)));
	IN_CHILD(STEP(execve("/bin/sh", nowhere, environ)));
	IN_CHILD(STEP(execve("/bin/sh", arguments, nowhere)));
}

FRAGMENT(execv)
{
	IN_CHILD(execv("/bin/sh", arguments));
	IN_CHILD(STEP(execv("sh", arguments)));
}

FRAGMENT(execvp)
{
	IN_CHILD(execvp("sh", arguments));
	IN_CHILD(STEP(execvp("no-such-program", arguments)));
	IN_CHILD(STEP(execvp("", arguments)));
}

FRAGMENT(execvpe)
{
	IN_CHILD(execvpe("sh", arguments, greeting));
	IN_CHILD(STEP(execvpe("no-such-program", arguments, short_path)));
}

FRAGMENT(execl)
{
	IN_CHILD(execl("/bin/sh", "sh", "-c", SCRIPT, "a", "b", "c", "d", "e", "f", "g",
		       "h", (char *)NULL));
	IN_CHILD(STEP(execl("/nowhere", "sh", (char *)NULL)));
	IN_CHILD(STEP(execl(nowhere, "sh", (char *)NULL)));
}

FRAGMENT(execlp)
{
	IN_CHILD(execlp("sh", "sh", "-c", SCRIPT, "a", "b", "c", "d", "e",
			(char *)NULL));
	IN_CHILD(STEP(execlp("no-such-program", "x", (char *)NULL)));
}

FRAGMENT(execle)
{
	IN_CHILD(execle("/bin/sh", "sh", "-c", SCRIPT, "a", "b", "c", "d", "e",
			(char *)NULL, greeting));
	IN_CHILD(STEP(execle("/nowhere", "x", (char *)NULL, greeting)));
}

FRAGMENT(fexecve)
{
	int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	IN_CHILD(fexecve(fd, arguments, greeting));
	IN_CHILD(STEP(fexecve(-1, arguments, greeting)));
	close(fd);
}

FRAGMENT(execveat)
{
	int fd = open("/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	IN_CHILD(execveat(fd, "sh", arguments, greeting, 0));
	IN_CHILD(STEP(execveat(fd, "no-such-program", arguments, greeting, 0)));
	IN_CHILD(STEP(execveat(-1, "sh", arguments, greeting, 0)));
	IN_CHILD(STEP(execveat(fd, "sh", arguments, greeting, 0x7777)));
	close(fd);
}

/* --- spawn ----------------------------------------------------------------- */

typedef int spawner(pid_t *pid, const char *path,
		    const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attributes, char *const argv[],
		    char *const envp[]);

/* The child speaks before we do. */
static void spawned(int r)
{
	int e = errno, status = -1;
	pid_t child = waitpid(-1, &status, 0);

	step("spawn", r, e);
	if (child > 0)
		say_status(status);
}

static void spawns(spawner *spawn, const char *sh)
{
	posix_spawn_file_actions_t actions;
	pid_t child = -1;

	spawned(spawn(&child, sh, NULL, NULL, arguments, greeting));
	spawned(spawn(NULL, sh, NULL, NULL, arguments, environ));
	spawned(spawn(&child, "/nowhere", NULL, NULL, arguments, environ));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY,
					 0);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, 91);
	posix_spawn_file_actions_addclose(&actions, 91);
	spawned(spawn(&child, sh, &actions, NULL, arguments, environ));
	posix_spawn_file_actions_addopen(&actions, 92, "/nowhere/at/all", O_RDONLY, 0);
	spawned(spawn(&child, sh, &actions, NULL, arguments, environ));
	posix_spawn_file_actions_destroy(&actions);
}

FRAGMENT(posix_spawn)
{
	spawns(posix_spawn, "/bin/sh");
}

FRAGMENT(posix_spawnp)
{
	spawns(posix_spawnp, "sh");
}

FRAGMENT(system)
{
	STEP(system(NULL));
	STEP(system("exit 3"));
	STEP(system("echo from the shell; kill -9 $$"));
	STEP(system("/nowhere/at/all 2>&-"));
}

static void reads_from(FILE *f)
{
	char line[64] = "";

	if (f && fgets(line, sizeof(line), f))
		say_bytes(line, (long)strlen(line));
}

FILE *_IO_popen(const char *command, const char *mode) __attribute__((weak));

FRAGMENT(_IO_popen)
{
	FILE *f;

	OPENS(f, _IO_popen("echo hello; exit 4", "r"));
	reads_from(f);
	STEP(pclose(f));
}

FRAGMENT(wordexp)
{
	wordexp_t words = { 0 };

	OWING(wordexp("a $(echo from the shell) b", &words, 0));
	if (words.we_wordc == 5)
		say("\t%s %s", words.we_wordv[3], words.we_wordv[4]);
	wordfree(&words);
	OWING(wordexp("$(true)", &words, WRDE_NOCMD));
	OWING(wordexp("$(", &words, 0));
}

FRAGMENT(popen)
{
	FILE *f;

	OPENS(f, popen("echo hello; exit 4", "r"));
	reads_from(f);
	STEP(pclose(f));
	OPENS(f, popen("cat", "we"));
	fputs("to the shell\n", f);
	STEP(pclose(f));
	OPENS(f, popen("true", "nonsense"));
}

FRAGMENT(pclose)
{
	FILE *f = popen("kill -15 $$", "r");

	STEP(pclose(f));
	f = popen("read line; exit 5", "w");
	STEP(pclose(f));
}
