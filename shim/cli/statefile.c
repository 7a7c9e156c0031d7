/* SPDX-License-Identifier: MIT */
/* statefile: the files in the state directory, from outside; see statefile.h. */
#include "cli/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/share.h"

static bool read_whole(int fd, char *to, size_t bytes)
{
	size_t at = 0;
	ssize_t n;

	while (at < bytes) {
		n = read(fd, to + at, bytes - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* As core/share opens it, but only where it is. */
static int open_file(const char *directory, const char *name, int access,
		     struct stat *ret)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd;
	int err = errno;

	if (dir < 0)
		return -err;
	fd = openat(dir, name, access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	err = errno;
	close(dir);
	if (fd < 0)
		return -err;
	fstat(fd, ret);
	return fd;
}

/* A descriptor of a file of the right kind and size, or negative errno, and why. */
static int open_known(const struct statefile *f, int access, struct text *path,
		      struct text *why)
{
	struct stat st = { 0 };
	int fd;

	if (!share_directory(path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return -ENOENT;
	}
	fd = open_file(path->at, f->name, access, &st);
	if (fd < 0) {
		text_str(why, path->at);
		text_str(why, fd == -ENOENT ? " holds none yet" : "/");
		if (fd != -ENOENT) {
			text_str(why, f->name);
			text_str(why, ": ");
			text_str(why, strerror(-fd));
		}
		return fd;
	}
	if (S_ISREG(st.st_mode) && st.st_size == (off_t)f->bytes)
		return fd;
	close(fd);
	return -EINVAL;
}

static void *not_ours(const struct statefile *f, const struct text *path,
		      struct text *why)
{
	if (!why->n) {
		text_str(why, path->at);
		text_char(why, '/');
		text_str(why, f->name);
		text_str(why, " holds something else");
	}
	return NULL;
}

void *statefile_read(const struct statefile *f, struct text *why, bool *ret_none)
{
	TEXT(path, PATH_MAX);
	int fd = open_known(f, O_RDONLY, &path, why);
	void *at = fd >= 0 ? aligned_alloc(64, (f->bytes + 63) / 64 * 64) : NULL;

	*ret_none = fd == -ENOENT;
	if (!at || !read_whole(fd, at, f->bytes) || !f->ready(at)) {
		free(at);
		at = not_ours(f, &path, why);
	}
	if (fd >= 0)
		close(fd);
	return at;
}

void *statefile_map(const struct statefile *f, struct text *why, bool *ret_none)
{
	TEXT(path, PATH_MAX);
	int fd = open_known(f, O_RDWR, &path, why);
	void *at = MAP_FAILED;

	*ret_none = fd == -ENOENT;
	if (fd >= 0) {
		at = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	return at != MAP_FAILED && f->ready(at) ? at : not_ours(f, &path, why);
}
