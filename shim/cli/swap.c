/* SPDX-License-Identifier: MIT */
/* swap: a file's content, exchanged and perhaps back; see swap.h. */
#include "cli/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"

/* The other name of a file that stands in for none. */
#define STAND_IN BRING_DRAFT "none"

static int open_directory(struct swap *s, const char *path)
{
	char *real = realpath(path, NULL), *slash;
	int err = -ENAMETOOLONG;

	if (!real && errno == ENOENT)
		real = strdup(
			path); /* not there yet; a dangling link is refused below */
	if (!real)
		return -errno;
	slash = strrchr(real, '/');
	if (slash && strlen(slash + 1) < sizeof(s->name)) {
		strcpy(s->name, slash + 1);
		slash[slash == real] = '\0';
		s->directory = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = s->directory < 0 ? -errno : 0;
	}
	free(real);
	return err;
}

static int read_old(struct swap *s, size_t most)
{
	struct stat is;
	ssize_t n;

	if (fstatat(s->directory, s->name, &is, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISREG(is.st_mode) && is.st_nlink > 1)
		return -EMLINK;
	n = bring_read(s->directory, s->name, most, &s->old);
	if (n < 0)
		return (int)n;
	s->old_n = (size_t)n;
	return 0;
}

/* Ours, also one of somebody who was killed: by its other name, and nothing in it. */
static void drop_stand_in(const struct swap *s)
{
	struct stat ours, is;

	if (fstatat(s->directory, STAND_IN, &ours, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (fstatat(s->directory, s->name, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is.st_dev == ours.st_dev && is.st_ino == ours.st_ino && !is.st_size)
		unlinkat(s->directory, s->name, 0);
	unlinkat(s->directory, STAND_IN, 0);
}

int swap_stand_in(struct swap *s)
{
	int fd;

	if (s->old)
		return 0;
	fd = openat(s->directory, STAND_IN, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return linkat(s->directory, STAND_IN, s->directory, s->name, 0) ? -errno : 0;
}

int swap_begin(struct swap *s, const char *path, size_t most, bool look)
{
	int err;

	*s = (struct swap){ .directory = -1, .lock = -1 };
	err = open_directory(s, path);
	if (!err && !look) {
		s->lock = bring_lock_take(s->directory);
		err = s->lock < 0 ? s->lock : 0;
	}
	if (!err && !look) {
		drop_stand_in(s);
		bring_sweep(s->directory);
	}
	if (!err)
		err = read_old(s, most);
	if (err)
		swap_end(s);
	return err;
}

/* Labels of security modules and access lists; what cannot be copied need not be. */
static void copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t n = flistxattr(from, names, sizeof(names)), got;
	struct stat is;

	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		got = fgetxattr(from, name, value, sizeof(value));
		if (got >= 0)
			(void)!fsetxattr(to, name, value, (size_t)got, 0);
	}
	if (fstat(from, &is) == 0)
		(void)!(fchown(to, is.st_uid, is.st_gid) ||
			fchmod(to, is.st_mode & 07777));
}

static int be_alike(struct swap *s)
{
	int from = openat(s->directory, s->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to = openat(s->directory, s->draft, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int err = 0;

	if (from >= 0 && to >= 0) {
		copy_attributes(from, to);
		err = fsync(to) < 0 ? -errno : 0;
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return err;
}

int swap_draft(struct swap *s, const char *bytes, size_t n)
{
	int err = bring_draft(s->directory, bytes, n, 0644, s->draft);

	if (err)
		s->draft[0] = '\0'; /* it is gone */
	return !err && s->old ? be_alike(s) : err;
}

/* A second name, so that going back needs no more than a rename. */
static int keep(struct swap *s)
{
	strcpy(s->kept, BRING_KEPT); /* one is enough: who has it holds the lock */
	if (linkat(s->directory, s->name, s->directory, s->kept, 0) == 0)
		return 0;
	s->kept[0] = '\0';
	return -errno;
}

/* Whoever changed it in the meantime knows of no lock. */
static bool is_as_read(const struct swap *s)
{
	char *now = NULL;
	ssize_t n = bring_read(s->directory, s->name, s->old_n, &now);
	bool same = n == (ssize_t)s->old_n && (!n || !memcmp(now, s->old, s->old_n));

	free(now);
	return same || (n == -ENOENT && !s->old);
}

int swap_put(struct swap *s)
{
	int err = is_as_read(s) ? 0 : -ESTALE;

	if (!err && s->old)
		err = keep(s);
	if (err)
		return err;
	if (s->draft[0] ? renameat(s->directory, s->draft, s->directory, s->name)
			: unlinkat(s->directory, s->name, 0))
		return -errno;
	s->draft[0] = '\0';
	(void)!fstatat(s->directory, s->name, &s->put, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static bool is_as_put(const struct swap *s)
{
	struct stat is;

	return fstatat(s->directory, s->name, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is.st_ino == s->put.st_ino && is.st_size == s->put.st_size &&
	       is.st_mtim.tv_sec == s->put.st_mtim.tv_sec &&
	       is.st_mtim.tv_nsec == s->put.st_mtim.tv_nsec;
}

int swap_back(struct swap *s)
{
	int status;

	if (!is_as_put(s))
		return -ESTALE;
	if (!s->old)
		status = unlinkat(s->directory, s->name, 0);
	else
		status = renameat(s->directory, s->kept, s->directory, s->name);
	if (status < 0)
		return -errno;
	s->kept[0] = '\0';
	return 0;
}

void swap_end(struct swap *s)
{
	if (s->lock >= 0) {
		drop_stand_in(s);
		if (s->kept[0])
			unlinkat(s->directory, s->kept, 0);
		if (s->draft[0])
			unlinkat(s->directory, s->draft, 0);
		bring_lock_drop(s->directory, s->lock);
		fsync(s->directory);
	}
	if (s->directory >= 0)
		close(s->directory);
	free(s->old);
	*s = (struct swap){ .directory = -1, .lock = -1 };
}
