/* SPDX-License-Identifier: MIT */
/* life: fork, exec, spawn, the shell's children, exit. Each in a child of its own. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
pid_t __fork(void) MAYBE;
pid_t __vfork(void) MAYBE;
pid_t _Fork(void) MAYBE;
int execveat(int directory, const char *path, char *const argv[], char *const envp[],
	     int flags) MAYBE;

extern char **environ;

/* --- fork ------------------------------------------------------------------ */

static void forks(pid_t (*split)(void))
{
	int status = 0, shared = 1;
	pid_t child;

	errno = UNTOUCHED;
	child = split();
	if (child == 0) {
		shared = 2;
		_exit(errno == UNTOUCHED ? 10 + shared : 20);
	}
	STEP(waitpid(child, &status, 0) == child);
	say_status(status);
	say("\tours is still %d", shared);
}

FRAGMENT(fork)
{
	forks(fork);
}

FRAGMENT(__fork)
{
	forks(__fork);
}

FRAGMENT(_Fork)
{
	forks(_Fork);
}

/* Not through a function: it must return into the frame that called it. */
#define VFORKS(split) \
	do { \
		static char *const argv[] = { "sh", "-c", "exit 6", NULL }; \
		volatile int status = 0, shared = 1; \
		pid_t child; \
		errno = UNTOUCHED; \
		child = split(); \
		if (child == 0) { \
			shared = 2; \
			_exit(13); \
		} \
		step(#split, child > 0, errno); \
		STEP(waitpid(child, (int *)&status, 0) == child); \
		say_status(status); \
		say("\tshared memory: %d", shared); \
		child = split(); \
		if (child == 0) { \
			execve("/bin/sh", argv, environ); \
			_exit(14); \
		} \
		STEP(waitpid(child, (int *)&status, 0) == child); \
		say_status(status); \
		child = split(); \
		if (child == 0) { \
			close(-1); \
			if (dup2(STDOUT_FILENO, 90) != 90 || close(90)) \
				_exit(15); \
			execve("/nowhere", argv, environ); \
			_exit(errno == ENOENT ? 16 : 17); \
		} \
		STEP(waitpid(child, (int *)&status, 0) == child); \
		say_status(status); \
	} while (0)

FRAGMENT(vfork)
{
	VFORKS(vfork);
}

FRAGMENT(__vfork)
{
	VFORKS(__vfork);
}

/* A child speaks first on a connection that its parent made. */
FRAGMENT(held_fork)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	char bytes[16] = "";

	for (int i = 0; i < rounds() * 2; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), other;

		STEP(connect(client, (struct sockaddr *)&at, len));
		if (i == 2 * rounds() - 1)
			IN_CHILD(_exit(write(client, "child", 5) == 5 ? 1 : 2));
		STEP(write(client, "parent", 6));
		other = accept(listener, NULL, NULL);
		STEP(recv(other, bytes, i == 2 * rounds() - 1 ? 11 : 6, MSG_WAITALL));
		say_bytes(bytes, 11);
		STEP(write(other, "!", 1));
		STEP(read(client, bytes, 1));
		close(client);
		close(other);
	}
	close(listener);
}

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

/* --- exit ------------------------------------------------------------------ */

static void farewell(void)
{
	say("\tfarewell");
}

static void quick_farewell(void)
{
	say("\tquick farewell");
}

/* Ends a child that has just written to a new connection, and never closed it. */
static void ends(void (*end)(int status))
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len), other;
	char bytes[16];
	ssize_t n;

	for (int i = 0; i < rounds(); i++) {
		pid_t child = child_begin();

		if (!child) {
			int client = socket(AF_INET, SOCK_STREAM, 0);

			atexit(farewell);
			at_quick_exit(quick_farewell);
			if (connect(client, (struct sockaddr *)&at, len))
				_exit(90);
			if (i % 2 == 0 && write(client, "last words", 10) != 10)
				_exit(91);
			end(40 + i);
		}
		other = accept(listener, NULL, NULL);
		n = recv(other, bytes, sizeof(bytes), MSG_WAITALL);
		say_bytes(bytes, n);
		child_end(child);
		close(other);
	}
	close(listener);
}

FRAGMENT(exit)
{
	ends(exit);
}

FRAGMENT(_exit)
{
	ends(_exit);
}

FRAGMENT(_Exit)
{
	ends(_Exit);
}

FRAGMENT(quick_exit)
{
	ends(quick_exit);
}

static void by_abort(int status)
{
	(void)status;
	abort();
}

FRAGMENT(abort)
{
	ends(by_abort);
	IN_CHILD(signal(SIGABRT, SIG_IGN); abort());
}

FRAGMENT(syscall)
{
	struct timespec t = { 0, 1000000 };
	char bytes[8];
	struct ends e;

	STEP(syscall(SYS_getpid) == getpid());
	STEP(syscall(SYS_close, -1));
	STEP(syscall(SYS_nanosleep, &t, NULL));
	STEP(syscall(SYS_nanosleep, nowhere, NULL));
	STEP(syscall(99999));
	if (ends_open(KIND_TCP, true, &e)) {
		STEP(syscall(SYS_sendto, e.far, "through", 7, 0, NULL, 0));
		STEP(syscall(SYS_recvfrom, e.near, bytes, 8, 0, NULL, NULL));
		say_bytes(bytes, 7);
	}
	ends_close(&e);
}
