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

int regular_open(int at, const char *name, struct stat *ret)
{
	int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return regular_reopen(fd < 0 ? -errno : fd, ret);
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
