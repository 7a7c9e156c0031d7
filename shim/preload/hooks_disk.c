/* SPDX-License-Identifier: MIT */
/* hooks: sleeps until a disk has written, or a terminal. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#pragma GCC visibility pop

#include "preload/hooks_sleep.h"

/* A disk is no reason to wait for a handshake first. */
#define WRITTEN(type, call) \
	do { \
		type r; \
		if (quiet()) \
			return call; \
		pause_before(0); \
		r = call; \
		pause_after(); \
		return r; \
	} while (0)

int fsync(int fd)
{
	WRITTEN(int, REAL(fsync)(fd));
}

int fdatasync(int fd)
{
	WRITTEN(int, REAL(fdatasync)(fd));
}

int syncfs(int fd)
{
	WRITTEN(int, REAL(syncfs)(fd));
}

int msync(void *at, size_t n, int flags)
{
	if (!(flags & MS_SYNC))
		return REAL(msync)(at, n, flags);
	WRITTEN(int, REAL(msync)(at, n, flags));
}

void sync(void)
{
	if (!quiet())
		pause_before(0);
	REAL(sync)();
	if (!quiet())
		pause_after();
}

int tcdrain(int fd)
{
	SLEEP(int, ENDS, REAL(tcdrain)(fd));
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	if (when == TCSANOW)
		return REAL(tcsetattr)(fd, when, settings);
	SLEEP(int, RESTARTS, REAL(tcsetattr)(fd, when, settings));
}
