/* SPDX-License-Identifier: MIT */
/* bring: a whole file, or nothing; see bring.h. */
#include "cli/bring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/regular.h"

/* libtfoshim.so with debug data has some, tfo-static a few. */
#define MOST ((size_t)64 << 20)
#define TRIES 8
#define PATIENCE 200 /* times a twentieth of a second */

ssize_t bring_read(int at, const char *name, size_t most, char **ret)
{
	struct stat is;
	size_t size, got;
	char *bytes;
	int fd = regular_open(at, name, &is);

	if (fd < 0)
		return fd;
	size = (size_t)is.st_size;
	bytes = size <= most ? malloc(size + 1) : NULL;
	if (!bytes) {
		close(fd);
		return size > most ? -EFBIG : -ENOMEM;
	}
	got = regular_read(fd, bytes, size, 0);
	close(fd);
	bytes[got] = '\0';
	*ret = bytes;
	return (ssize_t)got;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	ssize_t put;

	for (; n; bytes += put, n -= (size_t)put) {
		put = write(fd, bytes, n);
		if (put < 0 && errno == EINTR)
			put = 0;
		else if (put <= 0)
			return put < 0 ? -errno : -ENOSPC;
	}
	return 0;
}

int bring_draft(int at, const void *bytes, size_t n, mode_t mode,
		char ret_name[BRING_DRAFT_SIZE])
{
	uint64_t dice;
	int fd = -1, err;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
			return -EIO;
		sprintf(ret_name, BRING_DRAFT "%016llx", (unsigned long long)dice);
		fd = openat(at, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, n);
	if (!err && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		err = -errno;
	close(fd);
	if (err)
		unlinkat(at, ret_name, 0);
	return err;
}

static bool is_same(int at, const char *name, const void *bytes, size_t n, mode_t mode)
{
	struct stat is;
	char *have = NULL;
	bool same;

	if (fstatat(at, name, &is, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(is.st_mode) ||
	    (is.st_mode & 07777) != mode)
		return false;
	same = bring_read(at, name, MOST, &have) == (ssize_t)n &&
	       !memcmp(have, bytes, n);
	free(have);
	return same;
}

int bring_bytes(int at, const char *name, const void *bytes, size_t n, mode_t mode,
		bool *ret_changed)
{
	char draft[BRING_DRAFT_SIZE];
	int err;

	*ret_changed = false;
	if (is_same(at, name, bytes, n, mode))
		return 0;
	err = bring_draft(at, bytes, n, mode, draft);
	if (!err && renameat(at, draft, at, name) < 0) {
		err = -errno;
		unlinkat(at, draft, 0);
	}
	*ret_changed = !err;
	return err;
}

static ssize_t read_source(const char *from, char **ret)
{
	char *real = realpath(from, NULL);
	ssize_t n = real ? bring_read(AT_FDCWD, real, MOST, ret) : -errno;

	free(real);
	return n;
}

static bool is_directory(int at, const char *name)
{
	struct stat is;

	return fstatat(at, name, &is, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(is.st_mode);
}

int bring_file(int at, const char *name, const char *from, mode_t mode,
	       char ret_draft[BRING_DRAFT_SIZE])
{
	char *bytes;
	ssize_t n = read_source(from, &bytes);
	int err = 0;

	*ret_draft = '\0';
	if (n < 0)
		return (int)n;
	if (is_directory(at, name))
		err = -EISDIR; /* no file takes its place */
	else if (!is_same(at, name, bytes, (size_t)n, mode))
		err = bring_draft(at, bytes, (size_t)n, mode, ret_draft);
	free(bytes);
	return err;
}

int bring_is_new(int at, const char *name, const char *from, mode_t mode)
{
	char *bytes;
	ssize_t n = is_directory(at, name) ? -EISDIR : read_source(from, &bytes);
	bool same;

	if (n < 0)
		return (int)n;
	same = is_same(at, name, bytes, (size_t)n, mode);
	free(bytes);
	return !same;
}

/* Who had it before may have removed it while we waited. */
static bool has_name(int directory, int lock)
{
	struct stat is, named;

	return fstat(lock, &is) == 0 &&
	       fstatat(directory, BRING_LOCK, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is.st_dev == named.st_dev && is.st_ino == named.st_ino;
}

/*
 * A file that nobody else can open: the directory itself could be locked by all who can
 * read it. It goes with the lock; that of one who was killed goes with the next.
 */
int bring_lock_take(int directory)
{
	int lock, err;

	for (int i = 0; i < PATIENCE; i++) {
		lock = openat(directory, BRING_LOCK,
			      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			      0600);
		if (lock < 0)
			return -errno;
		err = flock(lock, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
		if (!err && has_name(directory, lock))
			return lock;
		close(lock);
		if (err && err != EWOULDBLOCK && err != EINTR)
			return -err;
		usleep(50000);
	}
	return -ETIMEDOUT;
}

void bring_lock_drop(int directory, int lock)
{
	if (lock < 0)
		return;
	unlinkat(directory, BRING_LOCK, 0);
	close(lock);
}

/* Only a name that we would have given. */
static bool is_draft(const char *name)
{
	const size_t n = sizeof(BRING_DRAFT) - 1;

	if (strncmp(name, BRING_DRAFT, n))
		return false;
	return !strcmp(name, BRING_KEPT) ||
	       (strlen(name + n) == 16 && strspn(name + n, "0123456789abcdef") == 16);
}

bool bring_is_left(const char *name)
{
	return is_draft(name) || !strcmp(name, BRING_LOCK);
}

size_t bring_sweep(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *one;
	size_t n = 0;

	if (!all && fd >= 0)
		close(fd);
	while (all && (one = readdir(all)))
		if (is_draft(one->d_name))
			n += unlinkat(at, one->d_name, 0) == 0;
	if (all)
		closedir(all);
	return n;
}
