/* SPDX-License-Identifier: MIT */
/* share: files mapped by many; see share.h. */
#include "core/share.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/sys.h"

bool share_directory(struct text *t, const char *state, const char *runtime_dir)
{
	if (state && *state) {
		text_str(t, state);
	} else if (sys1(SYS_geteuid, 0) == 0) {
		text_str(t, "/run/tfoshim");
	} else if (runtime_dir && *runtime_dir == '/') {
		text_str(t, runtime_dir);
		text_str(t, "/tfoshim");
	} else {
		return false;
	}
	return t->n + 1 < t->room; /* a name cut off is another name */
}

static int only_ours(int fd, mode_t type, struct stat *ret)
{
	int err = (int)sys2(SYS_fstat, fd, ret);

	if (err)
		return err;
	if ((ret->st_mode & S_IFMT) != type)
		return type == S_IFDIR ? -ENOTDIR : -EINVAL;
	if (ret->st_uid != (uid_t)sys1(SYS_geteuid, 0) || ret->st_mode & 077)
		return -EPERM;
	if (type == S_IFREG && ret->st_nlink != 1)
		return -EPERM;
	return 0;
}

static int open_directory(const char *directory)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	int err, fd = (int)sys4(SYS_openat, AT_FDCWD, directory, flags, 0);

	if (fd == -ENOENT) {
		sys3(SYS_mkdirat, AT_FDCWD, directory, 0700);
		fd = (int)sys4(SYS_openat, AT_FDCWD, directory, flags, 0);
	}
	if (fd < 0)
		return fd;
	err = only_ours(fd, S_IFDIR, &st);
	if (err) {
		sys_close(fd);
		return err;
	}
	return fd;
}

/* A process that may not write so long a file would get SIGXFSZ from the attempt. */
static bool may_be_long(size_t bytes)
{
	struct rlimit limit = { 0, 0 };
	long err = sys4(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit);

	return !err && limit.rlim_cur >= bytes;
}

/*
 * Every block is there before it is mapped: a write to a hole of a full file system
 * would be SIGBUS in somebody else's process.
 */
static int fill(int fd, size_t bytes)
{
	static char zeros[4096]; /* not const: no page of the object */
	int err;

	if (!may_be_long(bytes))
		return -EFBIG;
	err = (int)sys4(SYS_fallocate, fd, 0, 0, bytes);
	if (err != -EOPNOTSUPP)
		return err;
	for (size_t at = 0; at < bytes; at += sizeof(zeros)) {
		size_t n = bytes - at < sizeof(zeros) ? bytes - at : sizeof(zeros);
		long done = sys4(SYS_pwrite64, fd, zeros, n, at);

		if (done != (long)n)
			return done < 0 ? (int)done : -ENOSPC;
	}
	return 0;
}

static int map_shared(int fd, size_t bytes, void **ret)
{
	long at = sys6(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       0);

	if (at < 0 && at > -4096)
		return (int)at;
	/* else the kernel maps, and counts as ours, the pages around each that is used
	 */
	sys3(SYS_madvise, at, bytes, MADV_RANDOM);
	*ret = (void *)at;
	return 0;
}

static int map_fd(int fd, size_t bytes, void **ret)
{
	struct stat st;
	int err = only_ours(fd, S_IFREG, &st);

	if (err)
		return err;
	if (st.st_size && (size_t)st.st_size != bytes)
		return -EINVAL;
	/* who makes it just now may have the blocks before the length */
	if (!st.st_size || (uint64_t)st.st_blocks * 512 < bytes)
		err = fill(fd, bytes);
	if (err)
		return err;
	return map_shared(fd, bytes, ret);
}

int share_map(const char *directory, const char *name, size_t bytes, void **ret)
{
	int dir = open_directory(directory);
	int fd, err;

	if (dir < 0)
		return dir;
	fd = (int)sys4(SYS_openat, dir, name,
		       O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
			       O_NOCTTY,
		       0600);
	sys_close(dir);
	if (fd < 0)
		return fd;
	err = map_fd(fd, bytes, ret);
	sys_close(fd);
	return err;
}

static int map_new(int fd, size_t bytes, void **ret)
{
	int err;

	if (!may_be_long(bytes))
		return -EFBIG;
	err = (int)sys2(SYS_ftruncate, fd, bytes);
	if (err)
		return err;
	err = map_shared(fd, bytes, ret);
	if (!err)
		sys2(SYS_fchmod, fd, 0400); /* nobody truncates it by mistake */
	return err;
}

int share_create(const char *directory, const char *name, size_t bytes, void **ret)
{
	int dir = open_directory(directory);
	int fd, err;

	if (dir < 0)
		return dir;
	sys3(SYS_unlinkat, dir, name, 0);
	fd = (int)sys4(SYS_openat, dir, name,
		       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	err = fd < 0 ? fd : map_new(fd, bytes, ret);
	if (fd >= 0)
		sys_close(fd);
	if (fd >= 0 && err)
		sys3(SYS_unlinkat, dir, name, 0);
	sys_close(dir);
	return err;
}

int share_rename(const char *directory, const char *from, const char *to)
{
	int dir = open_directory(directory);
	int err = dir;

	if (dir >= 0) {
		err = (int)sys5(SYS_renameat2, dir, from, dir, to, 0);
		sys_close(dir);
	}
	return err;
}

int share_remove(const char *directory, const char *name)
{
	int dir = open_directory(directory);
	int err = dir;

	if (dir >= 0) {
		err = (int)sys3(SYS_unlinkat, dir, name, 0);
		sys_close(dir);
	}
	return err;
}

/* As getdents64(2) lays it out. */
struct entry {
	uint64_t inode, next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

void share_each(const char *directory, const char *prefix, int most,
		void (*f)(const char *name, void *with), void *with)
{
	_Alignas(struct entry) char room[2048];
	int dir = open_directory(directory);
	long n;

	if (dir < 0)
		return;
	while (most > 0 && (n = sys3(SYS_getdents64, dir, room, sizeof(room))) > 0)
		for (long at = 0; at < n && most > 0;) {
			struct entry *e = (struct entry *)(room + at);

			at += e->bytes;
			if (!text_behind(e->name, prefix))
				continue;
			most--;
			f(e->name, with);
		}
	sys_close(dir);
}

int share_private(size_t bytes, void **ret)
{
	long at = sys6(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at < 0 && at > -4096)
		return (int)at;
	*ret = (void *)at;
	return 0;
}
