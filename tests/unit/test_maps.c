/* SPDX-License-Identifier: MIT */
/* core/maps, core/symbol: where things lie in this very program, and their names. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maps.h"
#include "core/symbol.h"
#include "unit.h"

START_TEST(maps_lines)
{
	static const struct {
		const char *line, *path;
		bool good, executable;
	} rows[] = {
		{ "5000-6000 r-xp 00001000 fe:01 77   /usr/bin/a b", "/usr/bin/a b",
		  true, true },
		{ "5000-6000 rw-p 00000000 00:00 0 ", "", true, false },
		{ "5000-6000 rw-p 00000000 00:00 0", "", true, false },
		{ "6000-5000 rw-p 00000000 00:00 0", "", false, false },
		{ "5000-6000 rw-p 00000000 00:0", "", false, false },
		{ "5000-6000 r", "", false, false },
		{ "5000 6000 rw-p 00000000 00:00 0", "", false, false },
		{ "", "", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[100];
		struct maps_line m;

		strcpy(line, rows[i].line);
		ck_assert_msg(maps_parse(line, strlen(line), &m) == rows[i].good, "%s",
			      rows[i].line);
		if (!rows[i].good)
			continue;
		ck_assert(m.start == 0x5000 && m.end == 0x6000);
		ck_assert_int_eq(m.executable, rows[i].executable);
		ck_assert_str_eq(m.path, rows[i].path);
	}
}
END_TEST

struct found {
	struct maps_line code;
	uintptr_t head;
	size_t head_bytes;
	unsigned int lines, named;
	char path[512];
};

static bool look(const struct maps_line *m, void *with)
{
	struct found *f = with;
	uintptr_t here = (uintptr_t)look;

	f->lines++;
	f->named += m->path[0] != 0;
	if (!m->offset && !f->code.end && m->inode) {
		f->head = m->start;
		f->head_bytes = m->end - m->start;
	}
	if (here >= m->start && here < m->end) {
		f->code = *m;
		snprintf(f->path, sizeof(f->path), "%s", m->path);
	}
	return true;
}

static bool only_once(const struct maps_line *m, void *with)
{
	(void)m;
	return ++*(int *)with < 2;
}

START_TEST(maps_of_this)
{
	int before = unit_descriptors(), calls = 0;
	struct found f = { .lines = 0 };
	char exe[512] = "";
	uint8_t id[MAPS_BUILD_ID];

	ck_assert(maps_each(look, &f));
	ck_assert(f.code.executable && f.lines > 10);
	ck_assert_int_gt(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
	ck_assert_str_eq(f.path, exe);
	ck_assert(maps_each(only_once, &calls));
	ck_assert_int_eq(calls, 2);
	ck_assert_int_eq(unit_descriptors(), before);
	if (maps_build_id(f.head, f.head_bytes, id))
		ck_assert(id[0] | id[1] | id[2] | id[3]);
	ck_assert_uint_eq(maps_build_id((uintptr_t)id, 8, id), 0);
	ck_assert_uint_eq(maps_build_id(16, 4096, id), 0);
}
END_TEST

/* A path that finds no room is none; those behind it are told as ever. */
START_TEST(maps_long_path)
{
	char name[1400], command[64];
	const char *folder = unit_folder("long");
	struct found before = { .lines = 0 }, f = { .lines = 0 };
	int at = open(folder, O_DIRECTORY), fd;
	void *page;

	memset(name, 'n', 200);
	name[200] = 0;
	for (int i = 0; i < 6; i++) {
		int next;

		ck_assert(!mkdirat(at, name, 0700));
		next = openat(at, name, O_DIRECTORY);
		close(at);
		at = next;
	}
	fd = openat(at, name, O_RDWR | O_CREAT, 0600);
	ck_assert(fd >= 0 && !ftruncate(fd, 4096));
	maps_each(look, &before);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert(page != MAP_FAILED);
	ck_assert(maps_each(look, &f));
	ck_assert_uint_eq(f.lines, before.lines + 1);
	ck_assert_uint_eq(f.named, before.named);
	munmap(page, 4096);
	close(fd);
	close(at);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

/* One that can be found by its name, and by nothing else. */
__attribute__((noinline)) static int name_me(void)
{
	__asm__ volatile("");
	return 3;
}

START_TEST(symbol_of_this)
{
	struct found f = { .lines = 0 };
	uintptr_t at = (uintptr_t)name_me;
	int before = unit_descriptors();
	TEXT(name, 128);
	TEXT(none, 128);

	ck_assert_int_eq(name_me(), 3);
	ck_assert(maps_each(look, &f));
	ck_assert(symbol_name(f.path, at - f.code.start + f.code.offset, &name));
	ck_assert_str_eq(name.at, "name_me");
	ck_assert(!symbol_name(f.path, UINT64_MAX, &none));
	ck_assert(!symbol_name("/nonexistent", 4096, &none));
	ck_assert(!symbol_name("/proc/self/maps", 4096, &none));
	ck_assert_uint_eq(none.n, 0);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, maps_lines);
	tcase_add_test(c, maps_of_this);
	tcase_add_test(c, maps_long_path);
	tcase_add_test(c, symbol_of_this);
}

int main(void)
{
	return unit_run("maps", add);
}
