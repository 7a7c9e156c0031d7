/* SPDX-License-Identifier: MIT */
/*
 * core/files: whatever stands in the place of a policy file gets one clear sentence; a
 * folder is read by name.  Whether changes show: test_stamps.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/files.h"
#include "unit.h"

#define GOOD "[connect]\ntfo = off\n"

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* --- reading --------------------------------------------------------------------- */

static char told[4096];
static unsigned int sections; /* of the last one read */

static void tell(void *to, const char *file, unsigned int line, unsigned int column,
		 const char *sentence)
{
	size_t n = strlen(told);
	const char *name = strrchr(file, '/');

	(void)to;
	snprintf(told + n, sizeof(told) - n, "%s:%u:%u: %s\n", name ? name + 1 : file,
		 line, column, sentence);
}

/* The errors, by the last part of the file's name. */
static const char *load(const char *path, bool must_exist)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };
	struct policy_reader reader = { tell, NULL };
	int fds = unit_descriptors();
	enum files_result result;

	told[0] = 0;
	result = files_load(&p, path, must_exist, &reader);
	ck_assert_int_eq(result, told[0] ? FILES_BAD : FILES_GOOD);
	ck_assert_int_eq(unit_descriptors(), fds);
	sections = p.rules.n;
	policy_drop(&p);
	return told;
}

#define TOLD(path, sentence) ck_assert_str_eq(load(path, true), sentence)

START_TEST(files_and_texts)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *told;
	} rows[] = {
		{ "", 0, "" },
		{ GOOD, sizeof(GOOD) - 1, "" },
		{ "[connect]\0", 10,
		  "f:1:10: there is a control character here (0), so the line is not "
		  "read\n" },
		{ "[connect]\r\ntfo = on\r\n", 21,
		  "f:1:10: lines end with CR and LF here; save the file with LF\n" },
		{ "\xef\xbb\xbf[connect]\n", 13,
		  "f:1:1: the file begins with a byte order mark; save it without\n" },
		{ "\xff\xfe[\0c\0", 6,
		  "f:1:1: the file is written in UTF-16; save it in UTF-8\n" },
		{ "\177ELF\2\1\1\0\0\0\0", 11,
		  "f:1:1: there is a control character here (127), so the line is not "
		  "read\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_bytes(unit_path("f"), rows[i].bytes, rows[i].n);
		TOLD(unit_path("f"), rows[i].told);
	}
}
END_TEST

START_TEST(large_files)
{
	char *bytes = malloc(10 << 20);

	memset(bytes, 'x', 10 << 20); /* a line of 10 MB */
	write_bytes(unit_path("f"), bytes, 10 << 20);
	TOLD(unit_path("f"), "f:0:0: this file is larger than 8 MiB\n");
	ck_assert_int_eq(truncate(unit_path("f"), 8 << 20), 0);
	TOLD(unit_path("f"), "f:1:1: this line is longer than 64 KiB\n");
	ck_assert_int_eq(truncate(unit_path("f"), (8 << 20) + 1), 0);
	TOLD(unit_path("f"), "f:0:0: this file is larger than 8 MiB\n");
	write_text(unit_path("f"), "# a hole\n");
	ck_assert_int_eq(truncate(unit_path("f"), (off_t)1 << 40), 0);
	TOLD(unit_path("f"), "f:0:0: this file is larger than 8 MiB\n");
	free(bytes);
}
END_TEST

static void make_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void make_links(void)
{
	ck_assert_int_eq(symlink("ring", unit_path("ring")), 0);
	ck_assert_int_eq(symlink("two", unit_path("one")), 0);
	ck_assert_int_eq(symlink("one", unit_path("two")), 0);
	ck_assert_int_eq(symlink("nowhere", unit_path("dangling")), 0);
	ck_assert_int_eq(symlink("file", unit_path("link")), 0);
}

START_TEST(no_files)
{
	char longer[600];

	write_text(unit_path("file"), GOOD);
	make_links();
	ck_assert_int_eq(mkfifo(unit_path("fifo"), 0600), 0);
	make_socket(unit_path("socket"));
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "/tmp/", 5);
	longer[sizeof(longer) - 1] = 0;
	TOLD(unit_path("link"), "");
	TOLD(unit_path("ring"), "ring:0:0: this cannot be read: its symbolic links go "
				"round in a circle\n");
	TOLD(unit_path("one"), "one:0:0: this cannot be read: its symbolic links go "
			       "round in a circle\n");
	TOLD(unit_path("dangling"), "dangling:0:0: this symbolic link leads nowhere\n");
	TOLD(unit_path("fifo"), "fifo:0:0: this is no regular file\n");
	TOLD(unit_path("socket"), "socket:0:0: this is no regular file\n");
	TOLD("/dev/null", "null:0:0: this is no regular file\n");
	TOLD(unit_path("absent"), "absent:0:0: this does not exist\n");
	TOLD("", ":0:0: this does not exist\n");
	TOLD(unit_path("file/x"),
	     "x:0:0: this cannot be read: a part of its path is no "
	     "directory\n");
	load(longer, true);
	ck_assert_ptr_nonnull(strstr(told, "x:0:0: this cannot be read: its name is "
					   "too long\n"));
	ck_assert_str_eq(load(unit_path("absent"), false), "");
	ck_assert_str_eq(load(unit_path("absent/below"), false), "");
	ck_assert_str_eq(load(unit_path("dangling"), false),
			 "dangling:0:0: this symbolic link leads nowhere\n");
}
END_TEST

START_TEST(forbidden)
{
	const char *folder = unit_folder("closed.d");
	char file[600];

	if (geteuid() != 0)
		return;
	snprintf(file, sizeof(file), "%s/a.policy", folder);
	write_text(file, GOOD);
	ck_assert_int_eq(chmod(unit_path(""), 0755), 0);
	ck_assert_int_eq(chmod(file, 0), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	TOLD(folder, "closed.d:0:0: this cannot be read: permission denied\n");
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	TOLD(folder, "a.policy:0:0: this cannot be read: permission denied\n");
	TOLD(file, "a.policy:0:0: this cannot be read: permission denied\n");
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* --- folders --------------------------------------------------------------------- */

static const char *in(const char *folder, const char *name)
{
	static char path[800];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

START_TEST(folders)
{
	const char *folder = unit_folder("f.d");

	TOLD(folder, ""); /* empty */
	write_text(in(folder, "b.policy"), "x\n");
	write_text(in(folder, "a b\t\xc3\xa4.policy"), "x\ny\n");
	write_text(in(folder, "B.policy"), "x\n");
	write_text(in(folder, "10.policy"), "x\n");
	write_text(in(folder, "9.policy"), GOOD GOOD);
	ck_assert_int_eq(mkdir(in(folder, "c.policy"), 0700), 0);
	ck_assert_int_eq(symlink("none", in(folder, "d.policy")), 0);
	ck_assert_int_eq(mkfifo(in(folder, "e.policy"), 0600), 0);
#define NEITHER "this is neither a [section] nor a key = value\n"
	TOLD(folder, "10.policy:1:1: " NEITHER "B.policy:1:1: " NEITHER
		     "a b\t\xc3\xa4.policy:1:1: " NEITHER
		     "a b\t\xc3\xa4.policy:2:1: " NEITHER "b.policy:1:1: " NEITHER
		     "c.policy:0:0: this is a directory, where a file is expected\n"
		     "d.policy:0:0: this symbolic link leads nowhere\n"
		     "e.policy:0:0: this is no regular file\n");
	ck_assert_uint_eq(sections, 2);
}
END_TEST

START_TEST(ignored)
{
	static const char *const names[] = { ".a.policy",  "a.policy~",
					     "policy",	   ".policy",
					     "#a.policy#", "a.policy.swp",
					     "a.Policy",   "a.policy.rpmsave",
					     "README" };
	const char *folder = unit_folder("i.d");

	for (size_t i = 0; i < COUNT(names); i++)
		write_text(in(folder, names[i]), "x\n");
	ck_assert_int_eq(mkdir(in(folder, "sub"), 0700), 0);
	write_text(in(folder, "sub/a.policy"), "x\n");
	TOLD(folder, "");
	ck_assert_uint_eq(sections, 0);
	write_text(in(folder, "a.policy"), GOOD);
	TOLD(folder, "");
	ck_assert_uint_eq(sections, 1);
}
END_TEST

static void in_order(void *to, const char *file, unsigned int line, unsigned int column,
		     const char *sentence)
{
	unsigned int *n = to;

	(void)line, (void)column, (void)sentence;
	ck_assert_int_eq(atoi(strrchr(file, '/') + 1), (int)(*n)++ + 10000);
}

START_TEST(a_thousand_files)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };
	const char *folder = unit_folder("k.d");
	unsigned int n = 0;
	struct policy_reader reader = { in_order, &n };
	char name[64];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d.policy", 10000 + i * 7 % 1000);
		write_text(in(folder, name), GOOD "x\n");
	}
	ck_assert_int_eq(files_load(&p, folder, true, &reader), FILES_BAD);
	ck_assert_uint_eq(n, 1000);
	ck_assert_uint_eq(p.rules.n, 1000);
	ck_assert_ptr_nonnull(strstr(p.rules.last->file, "k.d/10999.policy"));
	policy_drop(&p);
}
END_TEST

/* A file of sysfs is a page long, and ends after a word. */
START_TEST(ends_early)
{
	const char *path = "/sys/class/net/lo/mtu";

	if (access(path, R_OK) == 0)
		TOLD(path, "mtu:1:1: " NEITHER);
}
END_TEST

/* That passes: nobody is told. */
START_TEST(no_descriptors)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };
	struct policy_reader reader = { tell, NULL };
	struct rlimit was, none;

	write_text(unit_path("f"), GOOD);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	told[0] = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(files_load(&p, unit_path("f"), true, &reader), FILES_LATER);
	ck_assert_int_eq(files_load(&p, unit_path("absent"), false, &reader),
			 FILES_GOOD);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_str_eq(told, "");
	ck_assert_int_eq(files_load(&p, unit_path("f"), true, &reader), FILES_GOOD);
	policy_drop(&p);
}
END_TEST

/* --- others at work -------------------------------------------------------------- */

static const char *place;
static pid_t other;

static void begin(void (*does)(void), const char *path)
{
	place = path;
	other = fork();
	if (other == 0)
		for (;;)
			does();
}

static void end(void)
{
	kill(other, SIGKILL);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
}

static void breathe(void)
{
	if (truncate(place, 100) || truncate(place, 200000))
		_exit(1);
}

START_TEST(grows_and_shrinks)
{
	const char *path = unit_path("f");

	write_text(path, GOOD);
	begin(breathe, path);
	while (!*load(path, true))
		; /* not begun yet */
	for (int i = 0; i < 2000; i++) {
		load(path, true);
		ck_assert_ptr_nonnull(strstr(told, "f:3:1: "));
		ck_assert_ptr_null(strchr(strchr(told, '\n') + 1, '\n')); /* one */
	}
	end();
	write_text(path, GOOD);
	TOLD(path, "");
}
END_TEST

static void come_and_go(void)
{
	close(open(in(place, "a.policy"), O_CREAT | O_WRONLY, 0600));
	unlink(in(place, "a.policy"));
}

/* Gone between the list and the look: as if it had never been there. */
START_TEST(vanishes)
{
	const char *folder = unit_folder("v.d");

	begin(come_and_go, folder);
	for (int i = 0; i < 3000; i++)
		TOLD(folder, "");
	end();
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, files_and_texts);
	tcase_add_test(c, large_files);
	tcase_add_test(c, no_files);
	tcase_add_test(c, forbidden);
	tcase_add_test(c, folders);
	tcase_add_test(c, ignored);
	tcase_add_test(c, a_thousand_files);
	tcase_add_test(c, ends_early);
	tcase_add_test(c, no_descriptors);
	tcase_add_test(c, grows_and_shrinks);
	tcase_add_test(c, vanishes);
}

int main(void)
{
	return unit_run("files", all);
}
