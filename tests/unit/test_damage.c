/* SPDX-License-Identifier: MIT */
/*
 * test_damage: files cut off and flipped at random. The one question is whether target
 * comes back at all, and best asked with sanitizers.
 */
#include <check.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/elf.h"
#include "core/target.h"

#define MUTATIONS 20000

static enum target_verdict verdict_of(const char *path)
{
	static struct target target;
	char sentence[TARGET_SENTENCE];

	target_read(path, &target);
	target_sentence(&target, sentence);
	ck_assert_uint_gt(strlen(sentence), 20);
	return target.verdict;
}

/* A file in memory; its name in ret_path. */
static int keep(const char *bytes, size_t len, char ret_path[64])
{
	int fd = memfd_create("damaged", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, 0755), 0);
	snprintf(ret_path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static size_t load(const char *program, char *ret_bytes, size_t size)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, ret_bytes, size);

	ck_assert_int_gt(len, 0);
	close(fd);
	return (size_t)len;
}

START_TEST(truncated)
{
	static char bytes[4096];
	char path[64];
	int fd = keep(bytes, load("/bin/true", bytes, sizeof(bytes)), path), i;

	for (i = 512; i >= 0; i--) {
		ck_assert_int_eq(ftruncate(fd, i), 0);
		/* Shorter than the magic number it is text: execvp() asks the shell. */
		if (i >= SELFMAG && i < (int)sizeof(ElfW(Ehdr)))
			ck_assert_int_eq(verdict_of(path), TARGET_NOT_A_PROGRAM);
		else
			verdict_of(path);
	}
	close(fd);
}
END_TEST

static void flip(const char *bytes, size_t len, size_t within, unsigned count)
{
	char path[64], byte;
	unsigned i, j, flips;
	size_t at[4];
	int fd = keep(bytes, len, path);

	for (i = 0; i < count; i++) {
		flips = 1 + (unsigned)rand() % 4;
		for (j = 0; j < flips; j++) {
			at[j] = (size_t)rand() % within;
			byte = (char)(bytes[at[j]] ^ (rand() % 2 ? 0xff : rand()));
			ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at[j]), 1);
		}
		verdict_of(path);
		elf_is_object(fd);
		while (j--)
			ck_assert_int_eq(pwrite(fd, bytes + at[j], 1, (off_t)at[j]), 1);
	}
	close(fd);
}

START_TEST(flipped)
{
	static const char words[] = "#!/usr/bin/env -S X='y z' \"sh\" -e\\ f\n";
	static char bytes[65536];
	size_t len = load("/bin/true", bytes, sizeof(bytes));

	srand(7413);
	flip(bytes, len, 64, MUTATIONS / 4);
	flip(bytes, len, 1024, MUTATIONS / 4);
	flip(bytes, len, len, MUTATIONS / 4);
	flip(words, sizeof(words) - 1, sizeof(words) - 1, MUTATIONS / 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("damage");
	TCase *tests = tcase_create("damage");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, truncated);
	tcase_add_test(tests, flipped);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
