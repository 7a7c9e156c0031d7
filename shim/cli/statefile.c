/* SPDX-License-Identifier: MIT */
/* statefile: the files in the state directory, from outside; see statefile.h. */
#include "cli/statefile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/share.h"

#define LINK " is a symbolic link, and none is followed"
#define OPEN " is not its owner's alone, so no program uses it"

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

/* Half a sentence about a path; gives err. */
static int tell(struct text *why, const struct text *path, const char *what, int err)
{
	text_str(why, path->at);
	text_str(why, what);
	return err;
}

static int tell_error(struct text *why, const struct text *path, int err)
{
	tell(why, path, ": ", err);
	text_str(why, strerror(-err));
	return err;
}

/* --- as core/share opens it, but only where it is -------------------------------- */

/* The kernel says only that it is no directory. */
static bool is_link(const struct text *path)
{
	struct stat st;

	return !lstat(path->at, &st) && S_ISLNK(st.st_mode);
}

static int open_directory(const struct text *path, struct text *why, struct stat *ret)
{
	int dir = open(path->at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return tell(why, path, " holds none yet", -ENOENT);
	if (dir < 0 && errno == ENOTDIR && is_link(path))
		return tell(why, path, LINK, -ELOOP);
	if (dir < 0)
		return tell_error(why, path, -errno);
	if (!fstat(dir, ret) && !(ret->st_mode & 077))
		return dir;
	close(dir);
	return tell(why, path, OPEN, -EPERM);
}

/* "traffic.1", where there is no traffic.2: a version's number is part of the name. */
static bool find_other(int dir, const char *name, struct text *ret)
{
	size_t n = strcspn(name, ".") + 1;
	DIR *names = fdopendir(dup(dir));
	struct dirent *one;

	while (names && (one = readdir(names)))
		if (!strncmp(one->d_name, name, n) && one->d_name[n] &&
		    !one->d_name[n + strspn(one->d_name + n, "0123456789")]) {
			text_str(ret, one->d_name);
			break;
		}
	if (names)
		closedir(names);
	return ret->n;
}

static int tell_none(const struct text *path, const char *name, int dir,
		     struct text *why)
{
	TEXT(other, 32);

	tell(why, path, " holds none yet", 0);
	if (find_other(dir, name, &other)) {
		text_str(why, ", but ");
		text_str(why, other.at);
		text_str(why, STATEFILE_OTHER);
	}
	return -ENOENT;
}

/* NULL: it may be one. */
static const char *unfit(const struct statefile *f, const struct stat *file,
			 const struct stat *dir)
{
	if (!S_ISREG(file->st_mode) || file->st_size != (off_t)f->bytes)
		return " holds something else";
	if (file->st_uid != dir->st_uid || file->st_mode & 077 || file->st_nlink != 1)
		return OPEN;
	return NULL;
}

/* A descriptor of a file of the right kind and size, or negative errno, and why. */
static int open_in(int dir, const struct stat *owner, const struct statefile *f,
		   int access, struct text *path, struct text *why)
{
	int fd = openat(dir, f->name,
			access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;
	struct stat st = { 0 };
	const char *wrong;

	if (err == -ENOENT)
		return tell_none(path, f->name, dir, why);
	text_char(path, '/');
	text_str(path, f->name);
	if (err == -ELOOP)
		return tell(why, path, LINK, err);
	if (err == -EISDIR || err == -ENXIO)
		return tell(why, path, " holds something else", -EINVAL);
	if (err)
		return tell_error(why, path, err);
	fstat(fd, &st);
	wrong = unfit(f, &st, owner);
	if (!wrong)
		return fd;
	close(fd);
	return tell(why, path, wrong, -EINVAL);
}

static int open_known(const struct statefile *f, int access, struct text *path,
		      struct text *why)
{
	struct stat owner = { 0 };
	int dir, fd;

	if (!share_directory(path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return -ENOENT;
	}
	dir = open_directory(path, why, &owner);
	if (dir < 0)
		return dir;
	fd = open_in(dir, &owner, f, access, path, why);
	close(dir);
	return fd;
}

/* --- to look at, or to change ---------------------------------------------------- */

static void *not_ours(const struct text *path, struct text *why)
{
	if (!why->n)
		tell(why, path, " holds something else", 0);
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
		at = not_ours(&path, why);
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
	return at != MAP_FAILED && f->ready(at) ? at : not_ours(&path, why);
}

void *statefile_make(const struct statefile *f, struct text *why)
{
	TEXT(path, PATH_MAX);
	void *at;
	int err;

	if (!share_directory(&path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR"))) {
		text_str(why, "there is no state directory");
		return NULL;
	}
	err = share_map(path.at, f->name, f->bytes, &at);
	if (!err && f->ready(at))
		return at;
	if (!err || err == -EINVAL)
		return not_ours(&path, why);
	text_str(why, path.at);
	text_str(why, ": ");
	text_str(why, strerror(-err));
	return NULL;
}
