/* SPDX-License-Identifier: MIT */
/*
 * sys: our own system calls.  The only place that enters the kernel without libc:
 * results are negative errno, nothing is a cancellation point, errno is never touched,
 * everything is async-signal-safe.  It knows no policy and no socket; see syscalls(2).
 */
#ifndef CORE_SYS_H
#define CORE_SYS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <poll.h>

#if defined(__x86_64__)
static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#define SYS_VDSO_CLOCK "__vdso_clock_gettime"

static inline uintptr_t sys_return_address(uintptr_t at)
{
	return at;
}
#elif defined(__aarch64__)
static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#define SYS_VDSO_CLOCK "__kernel_clock_gettime"

/* On the stack it may be signed (pointer authentication). */
static inline uintptr_t sys_return_address(uintptr_t at)
{
	register uintptr_t x30 __asm__("x30") = at;

	__asm__("hint #7" : "+r"(x30)); /* xpaclri */
	return x30;
}
#else
#error "core/sys.h: teach me this architecture's system call instruction"
#endif

/* Younger than some C libraries; their numbers are the same on every architecture. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

#define SYS_ARG(x) ((long)(x))
#define sys1(nr, a) sys_call6(nr, SYS_ARG(a), 0, 0, 0, 0, 0)
#define sys2(nr, a, b) sys_call6(nr, SYS_ARG(a), SYS_ARG(b), 0, 0, 0, 0)
#define sys3(nr, a, b, c) sys_call6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), 0, 0, 0)
#define sys4(nr, a, b, c, d) \
	sys_call6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), 0, 0)
#define sys5(nr, a, b, c, d, e) \
	sys_call6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e), 0)
#define sys6(nr, a, b, c, d, e, f) \
	sys_call6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e), \
		  SYS_ARG(f))

static inline int sys_getsockopt(int fd, int level, int name, void *value,
				 socklen_t *len)
{
	return (int)sys5(SYS_getsockopt, fd, level, name, value, len);
}

static inline int sys_setsockopt(int fd, int level, int name, const void *value,
				 socklen_t len)
{
	return (int)sys5(SYS_setsockopt, fd, level, name, value, len);
}

static inline int sys_fcntl(int fd, int command, long arg)
{
	return (int)sys3(SYS_fcntl, fd, command, arg);
}

static inline int sys_close(int fd)
{
	return (int)sys1(SYS_close, fd);
}

static inline long sys_write(int fd, const void *buf, size_t n)
{
	return sys3(SYS_write, fd, buf, n);
}

static inline long sys_sendto(int fd, const void *buf, size_t n, int flags)
{
	return sys6(SYS_sendto, fd, buf, n, flags, 0, 0);
}

/*
 * All signals wait, so that no handler comes in between and none leaves by
 * siglongjmp(3) in the midst of what must be finished.
 */
static inline void sys_hold_signals(uint64_t *ret_mask)
{
	const uint64_t all = ~UINT64_C(0);

	sys4(SYS_rt_sigprocmask, 0x2 /* SIG_SETMASK */, &all, ret_mask, sizeof(all));
}

static inline void sys_let_signals(const uint64_t *mask)
{
	sys4(SYS_rt_sigprocmask, 0x2, mask, NULL, sizeof(*mask));
}

/* Polls one descriptor; timeout in ms, -1 for ever. Number ready (0, 1) or negative. */
int sys_poll1(int fd, short events, int timeout_ms, short *ret_revents);
/*
 * Can n bytes at p be read?  Asked of the kernel, so that a program's bad pointer
 * becomes its EFAULT and never our crash.  No descriptor, and a call that every sandbox
 * allows.
 */
bool sys_readable(const void *p, size_t n);
/*
 * Are the 12 bytes at p, a good mapping, still there, or was the file cut off before
 * them?  In a third of the time, since no timer and no queue are needed.
 */
bool sys_is_there(const void *p);
/*
 * Can the word at p be written?  Changes nothing, but afterwards its page is there: a
 * hole of a file on a full file system would be SIGBUS.
 */
bool sys_writable_word(void *p);
/* Can an int be written at p?  Writes one; fd must be a socket. */
bool sys_writable_int(int fd, void *p);
/* Can a timeval be written at p?  Writes two numbers of its size. */
bool sys_writable_timeval(void *p);
/* Is the mode of this descriptor blocking (O_NONBLOCK clear)? */
bool sys_blocks(int fd);

#endif
