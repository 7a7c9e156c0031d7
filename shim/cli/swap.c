/* SPDX-License-Identifier: MIT */
/* swap: a file's content, exchanged and perhaps back; see swap.h. */
#include "cli/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"

#define PATIENCE 200	       /* times a twentieth of a second */
#define KEPT BRING_DRAFT "old" /* one is enough: who has it holds the lock */

/* The directory itself is locked: a file for that would have to stay. */
static int lock(int directory)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (flock(directory, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		usleep(50000);
	}
	return -ETIMEDOUT;
}

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
		err = s->directory < 0 ? -errno : lock(s->directory);
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

int swap_begin(struct swap *s, const char *path, size_t most)
{
	int err;

	*s = (struct swap){ .directory = -1 };
	err = open_directory(s, path);
	if (!err) {
		bring_sweep(s->directory);
		err = read_old(s, most);
	}
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

static void be_alike(struct swap *s, const char *draft)
{
	int from = openat(s->directory, s->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to = openat(s->directory, draft, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (from >= 0 && to >= 0)
		copy_attributes(from, to);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
}

/* A second name, so that going back needs no more than a rename. */
static int keep(struct swap *s)
{
	strcpy(s->kept, KEPT);
	if (linkat(s->directory, s->name, s->directory, s->kept, 0) == 0)
		return 0;
	s->kept[0] = '\0';
	return -errno;
}

int swap_put(struct swap *s, const char *bytes, size_t n)
{
	char draft[sizeof(BRING_DRAFT) + 32];
	int err = bring_draft(s->directory, bytes ? bytes : "", n, 0644, draft);

	if (err)
		return err;
	if (s->old)
		err = keep(s);
	if (!err) {
		be_alike(s, draft);
		if (bytes ? renameat(s->directory, draft, s->directory, s->name)
			  : unlinkat(s->directory, s->name, 0))
			err = -errno;
	}
	if (err || !bytes)
		unlinkat(s->directory, draft, 0);
	fsync(s->directory);
	return err;
}

int swap_back(struct swap *s)
{
	int status;

	if (!s->old)
		status = unlinkat(s->directory, s->name, 0);
	else
		status = renameat(s->directory, s->kept, s->directory, s->name);
	if (status < 0)
		return -errno;
	s->kept[0] = '\0';
	fsync(s->directory);
	return 0;
}

void swap_end(struct swap *s)
{
	if (s->kept[0])
		unlinkat(s->directory, s->kept, 0);
	if (s->directory >= 0)
		close(s->directory);
	free(s->old);
	*s = (struct swap){ .directory = -1 };
}
