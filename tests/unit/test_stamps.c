/* SPDX-License-Identifier: MIT */
/* core/files: every change of a policy file or folder shows, and nothing else does. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/files.h"
#include "unit.h"

#define GOOD "[connect]\ntfo = off\n"

static uint32_t today_s; /* 0: the real one */

uint32_t clock_today_s(void)
{
	return today_s ? today_s : (uint32_t)time(NULL);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static const char *in(const char *folder, const char *name)
{
	static char path[800];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

#define TICK usleep(12000) /* file systems count in the kernel's ticks */

static uint64_t stamp(const char *path)
{
	bool young;
	uint64_t h = files_stamp(path, &young);

	ck_assert_uint_ne(h, 0);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(files_stamp(path, &young), h);
	return h;
}

/* Annext one since the last time. */
static void changed(const char *path, uint64_t *was)
{
	uint64_t now = stamp(path);

	ck_assert_uint_ne(now, *was);
	*was = now;
	TICK;
}

static void same_times(const char *path, const struct stat *st)
{
	struct timespec t[2] = { st->st_atim, st->st_mtim };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* In all that follows the size stays. */
static void change_file(const char *file, const char *seen_by)
{
	uint64_t was = stamp(seen_by);
	char next[900];
	struct stat st;

	TICK;
	snprintf(next, sizeof(next), "%s.new", file);
	write_text(file, "[connect]\ntfo = on \n");
	changed(seen_by, &was);
	ck_assert_int_eq(utimensat(AT_FDCWD, file, NULL, 0), 0);
	changed(seen_by, &was);
	ck_assert_int_eq(stat(file, &st), 0);
	write_text(file, "[connect]\ntfo = off\n");
	same_times(file, &st);
	changed(seen_by, &was);
	write_text(next, "[connect]\ntfo = on \n");
	same_times(next, &st);
	ck_assert_int_eq(rename(next, file), 0);
	changed(seen_by, &was);
}

START_TEST(a_file_changes)
{
	uint64_t absent = stamp(unit_path("s")), was = absent;

	write_text(unit_path("s"), GOOD);
	changed(unit_path("s"), &was);
	change_file(unit_path("s"), unit_path("s"));
	ck_assert_int_eq(symlink("s", unit_path("l")), 0);
	change_file(unit_path("s"), unit_path("l"));
	ck_assert_int_eq(unlink(unit_path("s")), 0);
	ck_assert_uint_eq(stamp(unit_path("s")), absent);
}
END_TEST

START_TEST(a_folder_changes)
{
	const char *folder = unit_folder("s.d");
	char file[600];
	uint64_t was = stamp(folder);

	TICK;
	snprintf(file, sizeof(file), "%s/a.policy", folder);
	write_text(file, GOOD);
	changed(folder, &was);
	write_text(in(folder, "b.policy"), GOOD);
	changed(folder, &was);
	change_file(file, folder);
	ck_assert_int_eq(unlink(file), 0);
	changed(folder, &was);
	ck_assert_int_eq(rename(in(folder, "b.policy"), file), 0);
	changed(folder, &was);
	ck_assert_int_eq(symlink("../elsewhere", in(folder, "c.policy")), 0);
	changed(folder, &was);
	write_text(unit_path("elsewhere"), GOOD); /* as Kubernetes mounts them */
	changed(folder, &was);
	change_file(unit_path("elsewhere"), folder);
}
END_TEST

START_TEST(young)
{
	static const struct {
		int seconds;
		bool young;
	} rows[] = { { 0, true },   { 1, true },  { 2, true },	 { 4, false },
		     { 60, false }, { -1, true }, { -60, false } };
	struct stat st;
	bool is;

	write_text(unit_path("y"), GOOD);
	ck_assert_int_eq(stat(unit_path("y"), &st), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		today_s = (uint32_t)(st.st_ctim.tv_sec + rows[i].seconds);
		files_stamp(unit_path("y"), &is);
		ck_assert_msg(is == rows[i].young, "%d s", rows[i].seconds);
	}
	today_s = 0;
	files_stamp(unit_path("absent"), &is);
	ck_assert(!is);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, a_file_changes);
	tcase_add_test(c, a_folder_changes);
	tcase_add_test(c, young);
}

int main(void)
{
	return unit_run("stamps", all);
}
