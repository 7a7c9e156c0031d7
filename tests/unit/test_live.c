/* SPDX-License-Identifier: MIT */
/*
 * core/live: the policy in force: good and bad ones, changes, costs.  Other users,
 * forks and handlers: test_moments; many threads: test_crowd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/files.h"
#include "graveyard.h"
#include "scene.h"
#include "unit.h"

#define SECOND_US UINT64_C(1000000)

/* --- good and bad ---------------------------------------------------------------- */

START_TEST(defaults)
{
	struct live_rule r;

	ck_assert(scene_ask(&r)); /* nothing set up at all */
	for (int k = 0; k < KEYS; k++)
		ck_assert_int_eq(r.value[k], rule_value(NULL, (enum rule_key)k));
	ck_assert_str_eq(r.congestion, "");
	ck_assert_str_eq(r.key_file, "");
	ck_assert(!live_wants_names());
	if (access(FILES_DEFAULT, F_OK) == 0)
		return;	  /* somebody's own */
	live_setup(NULL); /* the default may be missing */
	ck_assert_int_eq(scene_tfo(), 1);
	live_setup("");
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
}
END_TEST

START_TEST(all_that_a_rule_says)
{
	struct live_rule r;
	struct addr to = { .ip = { 192, 0, 2, 1 }, .port = 443, .version = 4 };

	scene_setup("[connect www.example.com]\ncongestion = bbr\nstrikes = 7\n"
		    "[listen]\nkey-file = /a/b\nqlen = 9\n");
	ck_assert(scene_ask(&r));
	ck_assert_str_eq(r.congestion, "bbr");
	ck_assert_int_eq(r.value[KEY_strikes], 7);
	ck_assert_int_eq(r.value[KEY_qlen], RULE_UNSET);
	ck_assert(live_wants_names());
	ck_assert(live_ask(SECTION_listen, &to, NULL, &r));
	ck_assert_str_eq(r.key_file, "/a/b");
	ck_assert_str_eq(r.congestion, "");
	ck_assert_int_eq(r.value[KEY_qlen], 9);
	ck_assert(live_ask(SECTION_connect, &to, NULL, &r));
	ck_assert_int_eq(r.value[KEY_strikes], 2);
	ck_assert(live_ask(SECTION_leaks, NULL, NULL, &r));
	ck_assert_int_eq(r.value[KEY_report], 1);
	ck_assert_uint_eq(LINES, 0);
}
END_TEST

START_TEST(bad_at_start)
{
	struct live_rule r;

	scene_setup(BAD);
	for (int i = 0; i < 20; i++) { /* a young file is read again and again */
		ck_assert(!scene_ask(&r));
		ck_assert_int_eq(r.value[KEY_tfo], 1); /* the defaults */
		ck_assert(!live_wants_names());
		scene_time_us += SECOND_US / 2;
	}
	scene_later();
	ck_assert(!scene_good());
	ck_assert_uint_eq(LINES, 1);
	ck_assert_uint_eq(scene_lines("policy:2:7: 'tfo' must be on or off, not 'of'\" "
				      "errors=1 consequence=\"doing nothing at all\""),
			  1);
	scene_write(scene_policy, OFF);
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 0);
	ck_assert_uint_eq(LINES, 1);
}
END_TEST

START_TEST(bad_on_reload)
{
	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	for (unsigned int i = 0; i < 3; i++) {
		char text[64];

		snprintf(text, sizeof(text), "[connect]\n%*s = on\nx = y\n", 3 + (int)i,
			 "bad");
		scene_write(scene_policy, text);
		for (int k = 0; k < 9; k++) {
			scene_time_us += SECOND_US / 2;
			ck_assert_int_eq(scene_tfo(), 0); /* the last good one stays */
		}
		scene_later();
		ck_assert_int_eq(scene_tfo(), 0);
		ck_assert_uint_eq(LINES, i + 1);
	}
	ck_assert_uint_eq(scene_lines("errors=2 consequence=\"keeping the policy "
				      "before it\""),
			  3);
	ck_assert_int_eq(unlink(scene_policy), 0); /* taken away: also bad */
	scene_later();
	ck_assert_int_eq(scene_tfo(), 0);
	ck_assert_uint_eq(scene_lines("policy: this does not exist"), 1);
	scene_write(scene_policy, ON);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_int_eq(unlink(scene_policy), 0); /* once more, after a good one */
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_uint_eq(scene_lines("policy: this does not exist"), 2);
	scene_write(scene_policy, "[connect]\nx = y\n"); /* the same error once more */
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_uint_eq(LINES, 6);
}
END_TEST

START_TEST(changes)
{
	const char *folder = unit_folder("changes.d");
	char one[600], two[600];

	scene_setup(NULL);
	snprintf(one, sizeof(one), "%s/1.policy", folder);
	snprintf(two, sizeof(two), "%s/2.policy", folder);
	live_setup(folder);
	ck_assert_int_eq(scene_tfo(), 1); /* an empty folder says nothing */
	scene_write(two, OFF);
	ck_assert_int_eq(scene_tfo(), 1); /* not at once: nobody looks at each call */
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 0); /* added */
	scene_write(one, ON);
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 1);
	scene_write(one, OFF); /* edited in place */
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 0);
	scene_write(two, ON);
	ck_assert_int_eq(rename(two, one), 0);
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 1);
	scene_write(one, OFF);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 0);
	ck_assert_int_eq(unlink(one), 0); /* taken away */
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_uint_eq(LINES, 0);
}
END_TEST

/* A file that stays is read once; also where the clock was set back since. */
START_TEST(reads_once)
{
	unsigned int dug;

	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	dug = graveyard_dug();
	scene_time_us += SECOND_US; /* young: the same stamp may be another file */
	ck_assert_int_eq(scene_tfo(), 0);
	ck_assert_uint_gt(graveyard_dug(), dug);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 0);
	dug = graveyard_dug();
	for (int i = 0; i < 10; i++) {
		scene_later();
		ck_assert_int_eq(scene_tfo(), 0);
	}
	ck_assert_uint_eq(graveyard_dug(), dug);
	scene_write(scene_policy, ON);
	scene_today_s = (uint32_t)time(NULL) - 7200;
	scene_time_us += SECOND_US;
	ck_assert_int_eq(scene_tfo(), 1);
	dug = graveyard_dug();
	for (int i = 0; i < 10; i++) {
		scene_time_us += SECOND_US;
		ck_assert_int_eq(scene_tfo(), 1);
	}
	ck_assert_uint_eq(graveyard_dug(), dug);
	for (int i = 0; i < 10; i++) { /* and what was read before is given back */
		scene_write(scene_policy, i % 2 ? OFF : ON);
		scene_later();
		scene_tfo();
	}
	ck_assert_uint_gt(graveyard_dug(), dug + 10);
	ck_assert_uint_le(graveyard_alive(), 2);
}
END_TEST

START_TEST(long_names)
{
	char name[6000], line[400];

	scene_setup(NULL);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	for (size_t i = 0; i < sizeof(name) - 1; i += 200)
		name[i] = '/';
	live_setup(name); /* longer than any path */
	ck_assert(!scene_good());
	ck_assert_uint_eq(scene_lines("xxx: this cannot be read: its name is too long"),
			  1);
	snprintf(line, sizeof(line), "%s", unit_folder("so"));
	for (int i = 0; i < 3; i++) {
		snprintf(line + strlen(line), 102, "/%0100d", i);
		ck_assert_int_eq(mkdir(line, 0700), 0);
	}
	strcat(line, "/p"); /* longer than 256 */
	scene_write(line, OFF);
	live_setup(line);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 0);
}
END_TEST

/* It is tried again; until then nothing has changed. */
START_TEST(no_descriptors)
{
	struct rlimit was, none;

	scene_setup(OFF);
	ck_assert_int_eq(scene_tfo(), 0);
	scene_write(scene_policy, ON);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++) {
		scene_later();
		ck_assert_int_eq(scene_tfo(), 0);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_uint_eq(LINES, 0);
}
END_TEST

/* What the program does later does not count. */
START_TEST(from_the_start)
{
	scene_setup(OFF);
	ck_assert_int_eq(chdir(unit_path("")), 0);
	live_setup("policy");
	live_begin();
	ck_assert_int_eq(chdir("/"), 0);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 0);
	scene_write(scene_policy, ON);
	scene_later();
	ck_assert_int_eq(scene_tfo(), 1);
	ck_assert_uint_eq(LINES, 0);
}
END_TEST

START_TEST(names_of_two_lines)
{
	char name[600];

	scene_setup(NULL);
	snprintf(name, sizeof(name), "%s/a\nlevel=info b\177.policy",
		 unit_folder("lines.d"));
	scene_write(name, BAD);
	live_setup(unit_path("lines.d"));
	ck_assert(!scene_good());
	ck_assert_uint_eq(scene_lines("/a?level=info b?.policy:2:7: "), 1);
	ck_assert_uint_eq(LINES, 1);
}
END_TEST

/* --- what it costs --------------------------------------------------------------- */

#define ASKS 100000

static double ask_ns(bool looks, int asks)
{
	struct addr to = { .ip = { 192, 0, 2, 1 }, .port = 443, .version = 4 };
	struct live_rule r;
	uint64_t began = unit_cpu_ns();

	for (int i = 0; i < asks; i++) {
		scene_time_us += looks ? SECOND_US : 0;
		live_ask(SECTION_connect, &to, "www.example.com", &r);
	}
	return (double)(unit_cpu_ns() - began) / asks;
}

START_TEST(costs)
{
	const char *folder;
	char name[600];
	FILE *f;

	scene_setup(ON);
	f = fopen(scene_policy, "w");
	for (int i = 0; i < 10000; i++)
		fprintf(f, "[connect 10.%d.%d.0/24:443 www%d.example.com]\ntfo = on\n",
			i >> 8, i & 255, i);
	fclose(f);
	scene_today_s = (uint32_t)time(NULL) + 60;
	ask_ns(true, 1);
	printf("# 10000 rules: an ask %.0f ns, a look at the file %.0f ns\n",
	       ask_ns(false, ASKS), ask_ns(true, ASKS / 100));
	folder = unit_folder("costs.d");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%s/%03d.policy", folder, i);
		scene_write(name, "[connect 10.0.0.1]\ntfo = off\n");
	}
	live_setup(folder);
	scene_today_s = (uint32_t)time(NULL) + 60;
	ask_ns(true, 1);
	printf("# a look at a folder of 1000 files %.0f us\n", ask_ns(true, 20) / 1000);
	if (!UNIT_SANITIZED) {
		ck_assert_double_le(ask_ns(false, ASKS), 1000);
		ck_assert_double_le(ask_ns(true, 20), 10e6);
	}
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, defaults);
	tcase_add_test(c, all_that_a_rule_says);
	tcase_add_test(c, bad_at_start);
	tcase_add_test(c, bad_on_reload);
	tcase_add_test(c, changes);
	tcase_add_test(c, reads_once);
	tcase_add_test(c, long_names);
	tcase_add_test(c, no_descriptors);
	tcase_add_test(c, from_the_start);
	tcase_add_test(c, names_of_two_lines);
	tcase_add_test(c, costs);
}

int main(void)
{
	return unit_run("live", all);
}
