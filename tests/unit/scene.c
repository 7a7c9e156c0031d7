/* SPDX-License-Identifier: MIT */
/* scene: one policy file, its time and its log; see scene.h. */
#include "scene.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "unit.h"

#define SECOND_US UINT64_C(1000000)

/* --- the test's own time --------------------------------------------------------- */

uint64_t scene_time_us = 1;
uint32_t scene_today_s;		    /* 0: the real one */
void (*scene_in_a_look)(void);	    /* once, where live asks what time it is */
void (*scene_in_a_busy_look)(void); /* ... and where it looks at the files */

static void once(void (**what)(void))
{
	void (*does)(void) = *what;

	*what = NULL;
	if (does)
		does();
}

uint64_t clock_now_us(void)
{
	once(&scene_in_a_look);
	return scene_time_us;
}

uint32_t clock_today_s(void)
{
	once(&scene_in_a_busy_look);
	return scene_today_s ? scene_today_s : (uint32_t)time(NULL);
}

uint64_t clock_today_cs(void)
{
	return (uint64_t)time(NULL) * 100;
}

/* So long that the files are looked at again; what was young is so no more. */
void scene_later(void)
{
	scene_time_us += SECOND_US;
	scene_today_s = (uint32_t)time(NULL) + 60;
}

/* --- files, answers, lines ------------------------------------------------------- */

void scene_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

char scene_policy[512];
static char log_file[512];

void scene_setup(const char *text)
{
	char spec[600];

	snprintf(scene_policy, sizeof(scene_policy), "%s", unit_path("policy"));
	snprintf(log_file, sizeof(log_file), "%s", unit_path("log"));
	snprintf(spec, sizeof(spec), "error:%s", log_file);
	unlink(log_file);
	unlink(scene_policy);
	ck_assert(log_open(spec));
	if (text)
		scene_write(scene_policy, text);
	live_setup(scene_policy);
}

bool scene_ask(struct live_rule *ret)
{
	struct addr to = { .ip = { 192, 0, 2, 1 }, .port = 443, .version = 4 };
	int fds = unit_descriptors();
	bool scene_good;

	errno = UNTOUCHED;
	scene_good = live_ask(SECTION_connect, &to, "www.example.com", ret);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_eq(unit_descriptors(), fds);
	return scene_good;
}

bool scene_good(void)
{
	struct live_rule r;

	return scene_ask(&r);
}

int64_t scene_tfo(void)
{
	struct live_rule r;

	ck_assert(scene_ask(&r));
	return r.value[KEY_tfo];
}

unsigned int scene_lines(const char *word)
{
	FILE *f = fopen(log_file, "r");
	unsigned int n = 0;
	char line[2048];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		ck_assert_ptr_nonnull(strstr(line, " event=policy message=\""));
		ck_assert_int_eq(line[strlen(line) - 1], '\n');
		n += strstr(line, word) != NULL;
	}
	fclose(f);
	return n;
}
