/* SPDX-License-Identifier: MIT */
/* core/share: files mapped by many, and which are refused. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/share.h"
#include "unit.h"

START_TEST(share_names)
{
	static char longer[300];
	TEXT(t, 64);
	TEXT(u, 64);
	TEXT(v, 64);
	bool root = geteuid() == 0;

	ck_assert(share_directory(&t, "/state", "/runtime"));
	ck_assert_str_eq(t.at, "/state");
	ck_assert(share_directory(&u, NULL, "/runtime"));
	ck_assert_str_eq(u.at, root ? "/run/tfoshim" : "/runtime/tfoshim");
	ck_assert(share_directory(&v, "", NULL) == root);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	ck_assert(!share_directory(&t, longer, NULL));
	if (root && setreuid(NOBODY, NOBODY) == 0) {
		TEXT(w, 64);
		TEXT(relative, 64);

		ck_assert(share_directory(&w, NULL, "/runtime"));
		ck_assert_str_eq(w.at, "/runtime/tfoshim");
		ck_assert(!share_directory(&relative, NULL, "runtime"));
		ck_assert(!share_directory(&relative, NULL, NULL));
	}
}
END_TEST

START_TEST(share_maps)
{
	char *one = NULL, *two = NULL;
	const char *directory = unit_path("maps");
	int before = unit_descriptors();
	struct stat st;

	umask(0);
	errno = UNTOUCHED;
	ck_assert_int_eq(share_map(directory, "f", 8192, (void **)&one), 0);
	ck_assert_int_eq(share_map(directory, "f", 8192, (void **)&two), 0);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_ptr_ne(one, two);
	one[8191] = 'x';
	ck_assert_int_eq(two[8191], 'x');
	ck_assert_int_eq(one[0], 0);
	ck_assert_int_eq(unit_descriptors(), before);
	ck_assert_int_eq(stat(directory, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(unit_path("maps/f"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(share_private(8192, (void **)&two), 0);
	ck_assert_int_eq(two[8191], 0);
}
END_TEST

/* *ret stays what it was, no descriptor stays open, errno is not touched. */
static int refused(const char *directory, const char *name)
{
	static char untouched;
	void *at = &untouched;
	int before = unit_descriptors(), err;

	errno = UNTOUCHED;
	err = share_map(directory, name, 4096, &at);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_eq(unit_descriptors(), before);
	ck_assert_int_lt(err, 0);
	ck_assert_ptr_eq(at, &untouched);
	return err;
}

START_TEST(share_refuses_directories)
{
	static const mode_t open_modes[] = {
		0701, 0710, 0770, 0755, 0777, 01777, 0702
	};
	const char *directory = unit_folder("modes"), *link = unit_path("link");

	for (size_t i = 0; i < COUNT(open_modes); i++) {
		ck_assert_int_eq(chmod(directory, open_modes[i]), 0);
		ck_assert_int_eq(refused(directory, "f"), -EPERM);
	}
	ck_assert_int_eq(chmod(directory, 0700), 0);
	ck_assert_int_eq(symlink(directory, link), 0);
	ck_assert(refused(link, "f") == -ELOOP || refused(link, "f") == -ENOTDIR);
	ck_assert_int_eq(refused(unit_path("absent/below"), "f"), -ENOENT);
	close(open(unit_path("plain"), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(refused(unit_path("plain"), "f"), -ENOTDIR);
	ck_assert_int_eq(refused("", "f"), -ENOENT);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(directory, NOBODY, NOBODY), 0);
		ck_assert_int_eq(refused(directory, "f"), -EPERM);
	}
	ck_assert_int_eq(access(unit_path("modes/f"), F_OK), -1); /* nothing was made */
}
END_TEST

static void make_file(const char *path, off_t size, mode_t mode)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

START_TEST(share_refuses_files)
{
	const char *directory = unit_folder("files");
	struct stat st;

	make_file(unit_path("files/small"), 4095, 0600);
	ck_assert_int_eq(refused(directory, "small"), -EINVAL);
	make_file(unit_path("files/large"), 4097, 0600);
	ck_assert_int_eq(refused(directory, "large"), -EINVAL);
	make_file(unit_path("files/open"), 4096, 0640);
	ck_assert_int_eq(refused(directory, "open"), -EPERM);
	make_file(unit_path("files/world"), 4096, 0602);
	ck_assert_int_eq(refused(directory, "world"), -EPERM);
	make_file(unit_path("files/twice"), 4096, 0600);
	ck_assert_int_eq(link(unit_path("files/twice"), unit_path("files/again")), 0);
	ck_assert_int_eq(refused(directory, "again"), -EPERM);
	make_file(unit_path("target"), 0, 0600);
	ck_assert_int_eq(symlink(unit_path("target"), unit_path("files/link")), 0);
	ck_assert_int_eq(refused(directory, "link"), -ELOOP);
	ck_assert_int_eq(symlink("nowhere", unit_path("files/dangling")), 0);
	ck_assert_int_eq(refused(directory, "dangling"), -ELOOP);
	ck_assert_int_eq(mkfifo(unit_path("files/fifo"), 0600), 0);
	ck_assert_int_eq(refused(directory, "fifo"), -EINVAL);
	ck_assert_int_eq(mkdir(unit_path("files/dir"), 0700), 0);
	ck_assert_int_lt(refused(directory, "dir"), 0);
	if (geteuid() == 0) {
		make_file(unit_path("files/other"), 4096, 0600);
		ck_assert_int_eq(chown(unit_path("files/other"), NOBODY, NOBODY), 0);
		ck_assert_int_eq(refused(directory, "other"), -EPERM);
	}
	ck_assert_int_eq(stat(unit_path("target"), &st), 0);
	ck_assert_int_eq(st.st_size, 0); /* not grown through the link */
}
END_TEST

struct names {
	int n;
	char last[64];
};

static void see(const char *name, void *with)
{
	struct names *seen = with;

	seen->n++;
	strcpy(seen->last, name);
}

START_TEST(share_creates)
{
	const char *directory = unit_path("new");
	int before = unit_descriptors();
	char *one = NULL, *two = NULL;
	struct names seen = { .n = 0 };
	struct stat st;

	umask(0);
	ck_assert_int_eq(share_create(directory, "l.1", 1 << 20, (void **)&one), 0);
	ck_assert_int_eq(stat(unit_path("new/l.1"), &st), 0);
	ck_assert(st.st_mode == (S_IFREG | 0400) && st.st_size == 1 << 20);
	ck_assert_int_eq(st.st_blocks, 0); /* holes, all of it */
	one[5] = 'x';
	/* another one takes its place, this one stays as it is */
	ck_assert_int_eq(share_create(directory, "l.1", 1 << 20, (void **)&two), 0);
	ck_assert(two[5] == 0 && one[5] == 'x');
	ck_assert_int_eq(share_create(directory, "other", 4096, (void **)&two), 0);
	share_each(directory, "l.", 99, see, &seen);
	ck_assert(seen.n == 1 && !strcmp(seen.last, "l.1"));
	ck_assert_int_eq(share_rename(directory, "l.1", "l.2"), 0);
	ck_assert_int_eq(share_rename(directory, "l.1", "l.2"), -ENOENT);
	share_each(directory, "", 2, see, &seen); /* two of "." and ".." and these */
	ck_assert_int_eq(seen.n, 3);
	ck_assert_int_eq(share_remove(directory, "l.2"), 0);
	ck_assert_int_eq(share_remove(directory, "l.2"), -ENOENT);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(share_create(directory, "l.3", 4096, (void **)&two), -EPERM);
	ck_assert_int_eq(share_remove(directory, "other"), -EPERM);
	ck_assert_int_eq(share_rename(directory, "other", "x"), -EPERM);
	share_each(directory, "", 99, see, &seen);
	ck_assert_int_eq(seen.n, 3);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* Another process is about to make it: its blocks are there, its length is not yet. */
START_TEST(share_maps_what_is_being_made)
{
	const char *directory = unit_path("making");
	char *at = NULL;
	int fd;

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	fd = open(unit_path("making/f"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 65536))
		ck_assert_int_eq(errno, EOPNOTSUPP);
	ck_assert_int_eq(share_map(directory, "f", 65536, (void **)&at), 0);
	at[65535] = 'x'; /* behind the end of the file it would be SIGBUS */
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 65536);
	close(fd);
}
END_TEST

/* A process that may not write long files would be ended by SIGXFSZ. */
START_TEST(share_keeps_to_the_limit)
{
	const struct rlimit limit = { 8192, 8192 };
	const char *directory = unit_path("limit");
	void *at;
	int status;
	pid_t child = fork();

	if (!child) {
		setrlimit(RLIMIT_FSIZE, &limit);
		if (share_map(directory, "long", 65536, &at) != -EFBIG ||
		    share_create(directory, "long", 65536, &at) != -EFBIG)
			_exit(1);
		_exit(share_map(directory, "short", 4096, &at) != 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, share_keeps_to_the_limit);
	tcase_add_test(c, share_maps_what_is_being_made);
	tcase_add_test(c, share_creates);
	tcase_add_test(c, share_names);
	tcase_add_test(c, share_maps);
	tcase_add_test(c, share_refuses_directories);
	tcase_add_test(c, share_refuses_files);
}

int main(void)
{
	return unit_run("share", all);
}
