/* SPDX-License-Identifier: MIT */
/* unit: what the unit tests share; see unit.h. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static char room[] = "/tmp/tfoshim-unit.XXXXXX";

const char *unit_path(const char *name)
{
	static char paths[8][512];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", room, name);
	return path;
}

const char *unit_folder(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s", unit_path(name));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	return path;
}

uint64_t unit_dice(void)
{
	static uint64_t state = 0x243f6a8885a308d3u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1du;
}

int unit_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

uint64_t unit_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int unit_run(const char *module, void (*add)(TCase *c))
{
	Suite *suite = suite_create(module);
	TCase *c = tcase_create(module);
	SRunner *runner = srunner_create(suite);
	char command[64];
	int failed;

	if (!mkdtemp(room)) {
		perror(room);
		return EXIT_FAILURE;
	}
	tcase_set_timeout(c, 120);
	add(c);
	suite_add_tcase(suite, c);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", room);
	if (system(command) != 0)
		perror(command);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
