/* SPDX-License-Identifier: MIT */
/* hooks: fork, exec, spawn and exit. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <pty.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct io_uring;
struct io_uring_params;
int io_uring_queue_init(unsigned int entries, struct io_uring *ring,
			unsigned int flags);
int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *params);
int io_uring_queue_init_mem(unsigned int entries, struct io_uring *ring,
			    struct io_uring_params *params, void *buf, size_t n);
int io_uring_setup(unsigned int entries, struct io_uring_params *params);

int execveat(int directory, const char *path, char *const argv[], char *const envp[],
	     int flags);
pid_t _Fork(void);
#pragma GCC visibility pop

#include "preload/aside.h"
#include "preload/hooks.h"
#include "preload/life.h"
#include "preload/tally.h"
#include "preload/unclosed.h"

/* --- fork ------------------------------------------------------------------------ */

pid_t fork(void)
{
	pid_t r;

	if (thread_is_vfork_child())
		return REAL(fork)();
	life_before_fork();
	r = REAL(fork)();
	life_after_fork(r);
	return r;
}
SAME_AS(__fork, fork);

pid_t _Fork(void)
{
	pid_t r;

	if (thread_is_vfork_child())
		return REAL(_Fork)();
	life_before_fork();
	r = REAL(_Fork)();
	life_after_fork(r);
	return r;
}

int forkpty(int *master, char *name, const struct termios *settings,
	    const struct winsize *size)
{
	int r;

	if (thread_is_vfork_child())
		return REAL(forkpty)(master, name, settings, size);
	life_before_fork();
	r = REAL(forkpty)(master, name, settings, size);
	life_after_fork(r);
	return r;
}

/* The child starts in f, on its own stack: only a copy of the descriptors matters here.
 */
int clone(int (*f)(void *arg), void *stack, int flags, void *arg, ...)
{
	va_list more;
	void *a[3];

	va_start(more, arg);
	for (int i = 0; i < 3; i++)
		a[i] = va_arg(more, void *);
	va_end(more);
	if (!thread_is_vfork_child() && !(flags & CLONE_FILES)) {
		life_before_spawn();
		if (flags & CLONE_VM && flags & CLONE_VFORK)
			life_on_our_memory();
	}
	return REAL(clone)(f, stack, flags, arg, a[0], a[1], a[2]);
}
SAME_AS(__clone, clone);

/*
 * vfork(2) returns twice through the same frame, so ours must be gone when it does: a
 * jump, not a call.  Where that jump is not written down, the program gets a fork,
 * which POSIX allows.
 */
#if defined(__x86_64__)
__asm__(".text\n"
	".globl vfork, __vfork\n"
	".type vfork, @function\n"
	".type __vfork, @function\n"
	"vfork:\n"
	"__vfork:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	subq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call life_vfork\n"
	"	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	jmp *%rax\n"
	"	.cfi_endproc\n"
	".size vfork, . - vfork\n"
	".size __vfork, . - __vfork\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl vfork, __vfork\n"
	".type vfork, %function\n"
	".type __vfork, %function\n"
	"vfork:\n"
	"__vfork:\n"
	"	stp x29, x30, [sp, #-16]!\n"
	"	bl life_vfork\n"
	"	ldp x29, x30, [sp], #16\n"
	"	br x0\n"
	".size vfork, . - vfork\n"
	".size __vfork, . - __vfork\n");
#endif

/* --- exec ------------------------------------------------------------------------ */

static void before_exec(void)
{
	if (!quiet())
		life_before_exec();
	if (thread_is_vfork_child())
		return;
	tally_end();
	book_before_exec();
}

/* It comes back only when it has failed. */
static int after_exec(int r)
{
	if (!thread_is_vfork_child())
		book_after_exec();
	return r;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	before_exec();
	return after_exec(REAL(execve)(path, argv, envp));
}

int execv(const char *path, char *const argv[])
{
	before_exec();
	return after_exec(REAL(execv)(path, argv));
}

int execvp(const char *file, char *const argv[])
{
	before_exec();
	return after_exec(REAL(execvp)(file, argv));
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	before_exec();
	return after_exec(REAL(execvpe)(file, argv, envp));
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	before_exec();
	return after_exec(REAL(fexecve)(fd, argv, envp));
}

int execveat(int directory, const char *path, char *const argv[], char *const envp[],
	     int flags)
{
	before_exec();
	return after_exec(REAL(execveat)(directory, path, argv, envp, flags));
}

/* The list of arguments as a vector on the stack, as libc itself does it; envp follows
 * it. */
#define VECTOR(argv, args, first) \
	size_t argv##_n = 1; \
	va_list args##_count; \
	char **argv; \
	va_start(args, first); \
	va_copy(args##_count, args); \
	for (const char *a = first; a; a = va_arg(args##_count, const char *)) \
		argv##_n++; \
	va_end(args##_count); \
	argv = __builtin_alloca(argv##_n * sizeof(*argv)); \
	argv[0] = (char *)first; \
	for (size_t i = 1; i < argv##_n; i++) \
	argv[i] = va_arg(args, char *)

int execl(const char *path, const char *arg, ...)
{
	va_list args;

	VECTOR(argv, args, arg);
	va_end(args);
	before_exec();
	return after_exec(REAL(execv)(path, argv));
}

int execlp(const char *file, const char *arg, ...)
{
	va_list args;

	VECTOR(argv, args, arg);
	va_end(args);
	before_exec();
	return after_exec(REAL(execvp)(file, argv));
}

int execle(const char *path, const char *arg, ...)
{
	va_list args;
	char **envp;

	VECTOR(argv, args, arg);
	envp = va_arg(args, char **);
	va_end(args);
	before_exec();
	return after_exec(REAL(execve)(path, argv, envp));
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
		const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *restrict attributes,
		char *const argv[restrict], char *const envp[restrict])
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	return REAL(posix_spawn)(pid, path, actions, attributes, argv, envp);
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file,
		 const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *restrict attributes,
		 char *const argv[restrict], char *const envp[restrict])
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	return REAL(posix_spawnp)(pid, file, actions, attributes, argv, envp);
}

/* --- rights that are given up ----------------------------------------------------- */

/* What may be written to the state directory is written before. */
#define GIVE_UP(call) \
	do { \
		if (!thread_is_vfork_child()) \
			book_begin(); \
		return call; \
	} while (0)

int setuid(uid_t user)
{
	GIVE_UP(REAL(setuid)(user));
}

int seteuid(uid_t user)
{
	GIVE_UP(REAL(seteuid)(user));
}

int setreuid(uid_t user, uid_t effective)
{
	GIVE_UP(REAL(setreuid)(user, effective));
}

int setresuid(uid_t user, uid_t effective, uid_t saved)
{
	GIVE_UP(REAL(setresuid)(user, effective, saved));
}

int chroot(const char *path)
{
	GIVE_UP(REAL(chroot)(path));
}

/* --- cages and rings ------------------------------------------------------------- */

int prctl(int option, ...)
{
	va_list args;
	unsigned long a[4];
	bool caged;
	int r;

	va_start(args, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	caged = option == PR_SET_SECCOMP && !thread_is_vfork_child() &&
		aside_for_cage();
	r = REAL(prctl)(option, a[0], a[1], a[2], a[3]);
	if (caged && r < 0)
		aside_over();
	return r;
}

/* liburing sets a ring up by an instruction of its own; without liburing these say
 * EPERM, as where io_uring is forbidden. */
#define RING(call) \
	do { \
		if (!thread_is_vfork_child()) \
			aside_for_ring(); \
		return call; \
	} while (0)

int io_uring_queue_init(unsigned int entries, struct io_uring *ring, unsigned int flags)
{
	RING(REAL(io_uring_queue_init)(entries, ring, flags));
}

int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *params)
{
	RING(REAL(io_uring_queue_init_params)(entries, ring, params));
}

int io_uring_queue_init_mem(unsigned int entries, struct io_uring *ring,
			    struct io_uring_params *params, void *buf, size_t n)
{
	RING(REAL(io_uring_queue_init_mem)(entries, ring, params, buf, n));
}

int io_uring_setup(unsigned int entries, struct io_uring_params *params)
{
	RING(REAL(io_uring_setup)(entries, params));
}

/* --- exit ------------------------------------------------------------------------ */

#define END(before, call) \
	do { \
		if (!quiet()) \
			before(); \
		call; \
		__builtin_unreachable(); \
	} while (0)

/* ... where nothing of ours comes after it. */
#define END_FOR_GOOD(before, call) \
	do { \
		if (!quiet()) \
			before(); \
		if (!thread_is_vfork_child()) \
			tally_end(); \
		call; \
		__builtin_unreachable(); \
	} while (0)

void exit(int status)
{
	if (!thread_is_vfork_child())
		unclosed_status(status);
	END(life_before_exit, REAL(exit)(status));
}

void quick_exit(int status)
{
	if (!thread_is_vfork_child())
		book_end(false); /* its own handlers are still to come: no report */
	END_FOR_GOOD(life_before_sudden_end, REAL(quick_exit)(status));
}

void abort(void)
{
	END_FOR_GOOD(life_before_sudden_end, REAL(abort)());
}

void _exit(int status)
{
	if (!thread_is_vfork_child())
		status = unclosed_at_end(status);
	END_FOR_GOOD(life_at_end, REAL(_exit)(status));
}

void _Exit(int status)
{
	if (!thread_is_vfork_child())
		status = unclosed_at_end(status);
	END_FOR_GOOD(life_at_end, REAL(_Exit)(status));
}
