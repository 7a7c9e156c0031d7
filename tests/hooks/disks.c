/* SPDX-License-Identifier: MIT */
/* disks: until a disk has written, or a terminal. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "frames.h"

static void syncs(int (*sync_it)(int fd))
{
	struct ends e;

	for (enum kind k = KIND_TCP; k < KINDS; k++) {
		say("    of %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		OWING(sync_it(e.near));
		ends_close(&e);
	}
	OWING(sync_it(-1));
}

FRAGMENT(fsync)
{
	syncs(fsync);
}

FRAGMENT(fdatasync)
{
	syncs(fdatasync);
}

FRAGMENT(syncfs)
{
	OWING(syncfs(-1));
	OWING(syncfs(9999));
}

FRAGMENT(sync)
{
	IN_CHILD(sync(); _exit(3));
}

FRAGMENT(msync)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file_new(), 0);

	OWING(msync(at, 8192, MS_SYNC));
	OWING(msync(at, 8192, MS_ASYNC));
	OWING(msync(at + 1, 1, MS_SYNC));
	OWING(msync(nowhere, 8192, MS_SYNC));
	munmap(at, 8192);
}

/* A terminal's end whose other end reads. */
static int terminal(int *ret_master)
{
	*ret_master = posix_openpt(O_RDWR | O_NOCTTY);
	if (*ret_master < 0 || grantpt(*ret_master) || unlockpt(*ret_master))
		return -1;
	return open(ptsname(*ret_master), O_RDWR | O_NOCTTY);
}

FRAGMENT(tcdrain)
{
	int master, fd = terminal(&master);

	OWING(tcdrain(fd));
	OWING(tcdrain(-1));
	OWING(tcdrain(file_new()));
	close(fd);
	close(master);
}

FRAGMENT(tcsetattr)
{
	int master, fd = terminal(&master);
	struct termios settings;

	STEP(tcgetattr(fd, &settings));
	OWING(tcsetattr(fd, TCSANOW, &settings));
	OWING(tcsetattr(fd, TCSADRAIN, &settings));
	OWING(tcsetattr(fd, TCSAFLUSH, &settings));
	OWING(tcsetattr(fd, 77, &settings));
	OWING(tcsetattr(-1, TCSADRAIN, &settings));
	close(fd);
	close(master);
}
