/* SPDX-License-Identifier: MIT */
/* known: the memory of destinations, to look at; see known.h. */
#include "cli/known.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
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

/* As core/share opens it, but only to read, and only where it is. */
static int open_file(const char *directory, struct stat *ret)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd;
	int err = errno;

	if (dir < 0)
		return -err;
	fd = openat(dir, MEMORY_FILE,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	err = errno;
	close(dir);
	if (fd < 0)
		return -err;
	fstat(fd, ret);
	return fd;
}

struct memory *known_read(struct text *why)
{
	struct memory *m = NULL;
	struct stat st = { 0 };
	int fd;
	TEXT(path, PATH_MAX);

	if (!share_directory(&path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return NULL;
	}
	fd = open_file(path.at, &st);
	if (fd < 0) {
		text_str(why, path.at);
		text_str(why, fd == -ENOENT ? " holds none yet" : ": ");
		text_str(why, fd == -ENOENT ? "" : strerror(-fd));
		return NULL;
	}
	if (S_ISREG(st.st_mode) && st.st_size == sizeof(*m))
		m = malloc(sizeof(*m));
	if (!m || !read_whole(fd, (char *)m, sizeof(*m)) || !memory_ready(m)) {
		text_str(why, path.at);
		text_str(why, " holds something else");
		free(m);
		m = NULL;
	}
	close(fd);
	return m;
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
	case HABIT_BURNT:
		return "burnt";
	case HABIT_WROTE_LATE:
		return "wrote_late";
	}
	return "unknown";
}
