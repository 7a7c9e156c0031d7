/* SPDX-License-Identifier: MIT */
/* known: the memory of destinations, to look at; see known.h. */
#include "cli/known.h"

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
static int open_file(const char *directory, int access, struct stat *ret)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd;
	int err = errno;

	if (dir < 0)
		return -err;
	fd = openat(dir, MEMORY_FILE,
		    access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	err = errno;
	close(dir);
	if (fd < 0)
		return -err;
	fstat(fd, ret);
	return fd;
}

/* A descriptor of a file of the right kind and size, or negative errno, and why. */
static int open_known(int access, struct text *path, struct text *why)
{
	struct stat st = { 0 };
	int fd;

	if (!share_directory(path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return -ENOENT;
	}
	fd = open_file(path->at, access, &st);
	if (fd < 0) {
		text_str(why, path->at);
		text_str(why, fd == -ENOENT ? " holds none yet" : ": ");
		text_str(why, fd == -ENOENT ? "" : strerror(-fd));
		return fd;
	}
	if (S_ISREG(st.st_mode) && st.st_size == sizeof(struct memory))
		return fd;
	close(fd);
	return -EINVAL;
}

static struct memory *not_ours(const struct text *path, struct text *why)
{
	if (!why->n) {
		text_str(why, path->at);
		text_str(why, " holds something else");
	}
	return NULL;
}

struct memory *known_read(struct text *why)
{
	TEXT(path, PATH_MAX);
	int fd = open_known(O_RDONLY, &path, why);
	struct memory *m = fd >= 0 ? aligned_alloc(64, sizeof(*m)) : NULL;

	if (!m || !read_whole(fd, (char *)m, sizeof(*m)) || !memory_ready(m)) {
		free(m);
		m = not_ours(&path, why);
	}
	if (fd >= 0)
		close(fd);
	return m;
}

struct memory *known_map(struct text *why, bool *ret_none)
{
	TEXT(path, PATH_MAX);
	int fd = open_known(O_RDWR, &path, why);
	void *at = MAP_FAILED;

	*ret_none = fd == -ENOENT;
	if (fd >= 0) {
		at = mmap(NULL, sizeof(struct memory), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
		close(fd);
	}
	return at != MAP_FAILED && memory_ready(at) ? at : not_ours(&path, why);
}

struct memory *known_make(struct text *why)
{
	TEXT(path, PATH_MAX);
	void *at;
	int err;

	if (!share_directory(&path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return NULL;
	}
	err = share_map(path.at, MEMORY_FILE, sizeof(struct memory), &at);
	if (!err)
		return memory_ready(at) ? at : not_ours(&path, why);
	text_str(why, path.at);
	text_str(why, ": ");
	text_str(why, strerror(-err));
	return NULL;
}

const char *known_habit(enum habit h)
{
	switch (h) {
	case HABIT_UNKNOWN:
		break;
	case HABIT_WRITES_FIRST:
		return "writes_first";
	case HABIT_READS_FIRST:
		return "reads_first";
	case HABIT_KNOCKS:
		return "knocks";
	case HABIT_WROTE_LATE:
		return "wrote_late";
	}
	return "unknown";
}
