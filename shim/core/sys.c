/* SPDX-License-Identifier: MIT */
/* sys: the few system calls that need more than one line; see sys.h. */
#include "core/sys.h"

#include <fcntl.h>
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

static bool word_readable(int fd, const void *p)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, p, 4) == -EINVAL;
}

bool sys_readable(int fd, const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p, last = at + n - 4;

	if (n < 4) { /* an aligned word never leaves the page of its bytes */
		at &= ~(uintptr_t)3;
		last = ((uintptr_t)p + (n ? n - 1 : 0)) & ~(uintptr_t)3;
	}
	if (last < at)
		return false;
	for (; at / PAGE_BYTES != last / PAGE_BYTES; at = (at | (PAGE_BYTES - 1)) + 1)
		if (!word_readable(fd, (const void *)at))
			return false;
	return word_readable(fd, (const void *)last);
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
