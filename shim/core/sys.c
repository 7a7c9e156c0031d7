/* SPDX-License-Identifier: MIT */
/* sys: the few system calls that need more than one line; see sys.h. */
#include "core/sys.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define PAGE_BYTES 4096

int sys_poll1(int fd, short events, int timeout_ms, short *ret_revents)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	int n = (int)sys5(SYS_ppoll, &p, 1, timeout_ms < 0 ? NULL : &t, NULL, 0);

	if (n > 0 && ret_revents)
		*ret_revents = p.revents;
	return n;
}

/*
 * futex(2) reads the word before it does anything else, and says EFAULT where a load
 * would be SIGSEGV or, behind the end of a mapped file, SIGBUS.  Anything but this
 * value: EAGAIN; this value: nobody is woken, and nobody moved to another queue.
 */
static bool word_readable(uintptr_t at)
{
	const unsigned int unlikely = 0x5a17f3c9;

	return sys6(SYS_futex, at, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 0, 0, at,
		    unlikely) != -EFAULT;
}

/* A word of the page that lies within [from, to), else the one that holds `from`. */
static bool page_readable(uintptr_t from, uintptr_t to)
{
	uintptr_t whole = (from + 3) & ~(uintptr_t)3;

	return word_readable(whole + 4 <= to ? whole : from & ~(uintptr_t)3);
}

bool sys_readable(const void *p, size_t n)
{
	uintptr_t from = (uintptr_t)p, to = from + (n ? n : 1);

	if (to <= from)
		return false;
	while (from < to) {
		uintptr_t end = (from | (PAGE_BYTES - 1)) + 1;

		if (end == 0 || end > to)
			end = to;
		if (!page_readable(from, end))
			return false;
		from = end;
	}
	return true;
}

/*
 * epoll_ctl(2) reads the event before it looks at the descriptors, of which there are
 * none.  Another answer is a sandbox's.
 */
bool sys_is_there(const void *p)
{
	long r = sys4(SYS_epoll_ctl, -1, EPOLL_CTL_ADD, -1, p);

	return r == -EBADF || (r != -EFAULT && sys_readable(p, 12));
}

/* futex(2) adds nothing to it: atomically, and by the kernel, which says EFAULT. */
bool sys_writable_word(void *p)
{
	const unsigned int add_nothing = FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0);

	return sys6(SYS_futex, p, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, p,
		    add_nothing) != -EFAULT;
}

bool sys_writable_int(int fd, void *p)
{
	socklen_t len = sizeof(int);

	return sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, p, &len) == 0;
}

bool sys_blocks(int fd)
{
	int flags = sys_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

bool sys_writable_timeval(void *p)
{
	return sys4(SYS_prlimit64, 0, RLIMIT_CORE, NULL, p) == 0;
}
