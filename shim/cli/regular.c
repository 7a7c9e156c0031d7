/* SPDX-License-Identifier: MIT */
/* regular: opens regular files of others, and nothing else; see regular.h. */
#include "cli/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int regular_reopen(int path, struct stat *ret)
{
	char own[64];
	int fd;

	if (path < 0)
		return path;
	fd = fstat(path, ret)	      ? -errno
	     : S_ISLNK(ret->st_mode)  ? -ELOOP
	     : !S_ISREG(ret->st_mode) ? -EINVAL
				      : 0;
	if (!fd) {
		snprintf(own, sizeof(own), "/proc/self/fd/%d", path);
		fd = open(own, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		fd = fd < 0 ? -errno : fd;
	}
	close(path);
	return fd;
}

/* Where there is no /proc: a regular file was seen there, and it is the same one. */
static int open_seen(int at, const char *name, const struct stat *seen)
{
	int fd = openat(at, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat is;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &is) == 0 && is.st_dev == seen->st_dev &&
	    is.st_ino == seen->st_ino)
		return fd;
	close(fd);
	return -ESTALE;
}

int regular_open(int at, const char *name, struct stat *ret)
{
	int path = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd;

	if (path < 0)
		return -errno;
	fd = regular_reopen(path, ret);
	return fd == -ENOENT ? open_seen(at, name, ret) : fd;
}

size_t regular_read(int fd, void *to, size_t bytes, uint64_t at)
{
	size_t have = 0;

	while (have < bytes) {
		ssize_t n = pread(fd, (char *)to + have, bytes - have,
				  (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}
