/* SPDX-License-Identifier: MIT */
/* sys: the few system calls that need more than one line; see sys.h. */
#include "core/sys.h"

#include <fcntl.h>
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
 * rt_sigprocmask(2) reads the new mask before it looks at what shall be done with it,
 * and says EFAULT where a load would be SIGSEGV or, behind the end of a mapped file,
 * SIGBUS.  There is no such deed: EINVAL.  An odd word: NULL would be no mask.
 */
static bool page_readable(uintptr_t at)
{
	const int no_deed = 99;

	return sys4(SYS_rt_sigprocmask, no_deed, (at & ~(uintptr_t)7) | 8, NULL, 8) !=
	       -EFAULT;
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
		if (!page_readable(from))
			return false;
		from = end;
	}
	return true;
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
