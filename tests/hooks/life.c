/* SPDX-License-Identifier: MIT */
/* life: fork in its shapes, and exit, each in a child of its own. */
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
pid_t __fork(void) MAYBE;
pid_t __vfork(void) MAYBE;
pid_t _Fork(void) MAYBE;

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

/* The terminal's bytes are not looked at: the child sees that it has one. */
FRAGMENT(forkpty)
{
	struct winsize size = { .ws_row = 12, .ws_col = 34 }, got = { 0 };
	int master = -1, status = -1;
	pid_t child;

	errno = UNTOUCHED;
	child = forkpty(&master, NULL, NULL, &size);
	if (child == 0) {
		ioctl(STDIN_FILENO, TIOCGWINSZ, &got);
		_exit(isatty(STDIN_FILENO) && got.ws_row == 12 ? 21 : 22);
	}
	step("forkpty", child > 0, errno);
	if (child < 0)
		return;
	STEP(waitpid(child, &status, 0) == child);
	say_status(status);
	STEP(close(master));
}

static int in_clone(void *arg)
{
	return arg == nowhere && write(STDOUT_FILENO, "", 0) == 0 ? 23 : 24;
}

int __clone(int (*f)(void *arg), void *stack, int flags, void *arg, ...)
	__attribute__((weak));

FRAGMENT(__clone)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	int status = -1;
	pid_t child = __clone(in_clone, stack + sizeof(stack), SIGCHLD, nowhere);

	STEP(waitpid(child, &status, 0) == child);
	say_status(status);
}

FRAGMENT(clone)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	int status = -1;
	pid_t child;

	errno = UNTOUCHED;
	child = clone(in_clone, stack + sizeof(stack), SIGCHLD, nowhere);
	step("clone", child > 0, errno);
	STEP(waitpid(child, &status, 0) == child);
	say_status(status);
	errno = UNTOUCHED;
	child = clone(in_clone, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD,
		      nowhere);
	step("clone", child > 0, errno);
	STEP(waitpid(child, &status, 0) == child);
	say_status(status);
	STEP(clone(in_clone, stack + sizeof(stack), CLONE_THREAD, nowhere));
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
