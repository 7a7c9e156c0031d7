/* SPDX-License-Identifier: MIT */
/*
 * test_target: what target says of real programs, of programs built here, of names and
 * of scripts. Heads made by hand are left to test_elf, damaged files to test_damage.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/target.h"

#define NOBODY 65534

static char room[] = "/tmp/test_target.XXXXXX";

/* A file of the samples' directory; the last eight names stay valid. */
static const char *in_room(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", room, name);
	return path;
}

static const char *write_file(const char *name, const void *bytes, size_t len,
			      mode_t mode)
{
	const char *path = in_room(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static const char *script(const char *name, const char *text)
{
	return write_file(name, text, strlen(text), 0755);
}

static enum target_verdict verdict_of(const char *command)
{
	static struct target target;
	char sentence[TARGET_SENTENCE];

	target_read(command, &target);
	target_sentence(&target, sentence);
	ck_assert_uint_gt(strlen(sentence), 20);
	/* That is the caller's end of it. */
	ck_assert_ptr_null(strstr(sentence, "Fast Open"));
	return target.verdict;
}

/* As another user, in a child: its verdict is its exit status. */
static int verdict_as(uid_t uid, const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			_exit(99);
		_exit((int)verdict_of(command));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* False: not here. The reason is said; TFOSHIM_MUST_WORK=1 makes it a failure. */
static bool have(bool condition, const char *what)
{
	const char *must = getenv("TFOSHIM_MUST_WORK");

	if (condition)
		return true;
	fprintf(stderr, "skip: %s\n", what);
	ck_assert_msg(!must || strcmp(must, "1"), "must work here: %s", what);
	return false;
}

static bool build(const char *compile, const char *program, const char *source)
{
	char command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "%s %s %s 2>/dev/null", compile, program,
		 source);
	return system(command) == 0;
}

/* ---- real programs ---- */

START_TEST(programs)
{
	static const char *const names[] = { "curl",	  "sh",	     "bash", "env",
					     "/bin/true", "python3", "perl" };
	struct target target;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		target_read(names[i], &target);
		if (!have(target.verdict != TARGET_NOT_FOUND, names[i]))
			continue;
		ck_assert_msg(target.verdict == TARGET_PRELOAD, "%s: verdict %d",
			      names[i], target.verdict);
		ck_assert_int_ne(target.libc, TARGET_LIBC_UNKNOWN);
		ck_assert_int_eq(target.path[0], '/');
	}
}
END_TEST

START_TEST(built_programs)
{
	const char *source = script("sample.c", "int main(void) { return 0; }\n");
	struct target target;

	if (have(build("gcc -static -o", in_room("static"), source), "gcc -static"))
		ck_assert_int_eq(verdict_of(in_room("static")), TARGET_STATIC);
	if (have(build("gcc -static-pie -o", in_room("pie"), source), "-static-pie"))
		ck_assert_int_eq(verdict_of(in_room("pie")), TARGET_STATIC);
	if (have(build("musl-gcc -o", in_room("musl"), source), "musl-gcc")) {
		target_read(in_room("musl"), &target);
		ck_assert_int_eq(target.verdict, TARGET_PRELOAD);
		ck_assert_int_eq(target.libc, TARGET_LIBC_MUSL);
	}
	if (!access("/usr/bin/ld.so", X_OK))
		ck_assert_int_eq(verdict_of("/usr/bin/ld.so"), TARGET_PRELOAD);
	target_read("go", &target);
	if (target.verdict != TARGET_NOT_FOUND)
		ck_assert_int_eq(target.verdict, TARGET_GO);
}
END_TEST

START_TEST(privileges)
{
	const char *copy = in_room("setuid");

	ck_assert(build("cp", "/bin/true", copy));
	if (!have(geteuid() == 0, "needs root: setuid, 0711, capabilities"))
		return;
	ck_assert_int_eq(chmod(room, 0755), 0);
	ck_assert_int_eq(chmod(copy, 04755), 0);
	ck_assert_int_eq(verdict_of(copy), TARGET_PRELOAD); /* root gains nothing */
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_SECURE);
	ck_assert_int_eq(chmod(copy, 04711), 0);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_SECURE);
	ck_assert_int_eq(chmod(copy, 02755), 0);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_SECURE);
	ck_assert_int_eq(chmod(copy, 02745), 0); /* no g+x: no setgid */
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_PRELOAD);
	ck_assert_int_eq(chown(copy, NOBODY, NOBODY), 0);
	ck_assert_int_eq(chmod(copy, 04755), 0);
	ck_assert_int_eq(verdict_of(copy), TARGET_SECURE);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_PRELOAD);
	ck_assert_int_eq(chown(copy, 0, 0), 0);
	ck_assert_int_eq(chmod(copy, 0711), 0);
	ck_assert_int_eq(verdict_of(copy), TARGET_PRELOAD);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_UNREADABLE);
	ck_assert_int_eq(chmod(copy, 0700), 0);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_NOT_EXECUTABLE);
}
END_TEST

START_TEST(capabilities)
{
	/* struct vfs_cap_data, version 2, effective: CAP_NET_BIND_SERVICE */
	static const unsigned char caps[20] = { 1, 0, 0, 2, 0, 4 };
	const char *copy = in_room("caps");

	ck_assert(build("cp", "/bin/true", copy));
	if (!have(geteuid() == 0 &&
			  !setxattr(copy, "security.capability", caps, sizeof(caps), 0),
		  "file capabilities"))
		return;
	ck_assert_int_eq(chmod(room, 0755), 0);
	ck_assert_int_eq(chmod(copy, 0755), 0);
	ck_assert_int_eq(verdict_of(copy), TARGET_PRELOAD);
	ck_assert_int_eq(verdict_as(NOBODY, copy), TARGET_SECURE);
}
END_TEST

/* ---- names and scripts ---- */

static const struct {
	const char *text;
	enum target_verdict verdict;
	unsigned chain_len;
	const char *path; /* how it ends */
} scripts[] = {
	{ "#!/bin/sh\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#! \t/bin/sh -e \t\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/bin/sh", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env sh\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env /bin/sh\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -S sh -e\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -Ssh -e\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -vS sh\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env --split-string=sh -e\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -S X=y Z='a b' sh -e\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -S -i -u HOME \"sh\" -e\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env -S -C / -- s\\h\n", TARGET_PRELOAD, 1, "/sh" },
	{ "#!/usr/bin/env sh -e\n", TARGET_NOT_FOUND, 1, "sh -e" }, /* no -S */
	{ "#!/usr/bin/env no-such-command\n", TARGET_NOT_FOUND, 1, "no-such-command" },
	{ "#!/usr/bin/env\n", TARGET_TOO_DEEP, 5, "/script" },
	{ "#!/usr/bin/env -i\n", TARGET_TOO_DEEP, 5, "/script" },
	{ "#!/usr/bin/env X=y\n", TARGET_TOO_DEEP, 5, "/script" },
	{ "#!/usr/bin/env -S X=y\n", TARGET_TOO_DEEP, 5, "/script" },
	{ "#!/no/such/env sh\n", TARGET_NOT_FOUND, 1, "/no/such/env" },
	{ "#!/bin/sh\r\n", TARGET_NOT_FOUND, 1, "/bin/sh\r" },
	{ "#!sh\n", TARGET_NOT_FOUND, 1, "./sh" },
	{ "#!/etc\n", TARGET_NOT_EXECUTABLE, 1, "/etc" },
	{ "#!\n", TARGET_PRELOAD, 1, "/sh" }, /* refused, hence the shell's */
	{ "#!", TARGET_PRELOAD, 1, "/sh" },
	{ "echo no first line of its own\n", TARGET_PRELOAD, 1, "/sh" },
	{ "", TARGET_PRELOAD, 1, "/sh" },
};

START_TEST(script_of)
{
	const char *path = script("script", scripts[_i].text), *end = scripts[_i].path;
	struct target target;
	size_t len;

	target_read(path, &target);
	len = strlen(target.path);
	ck_assert_msg(target.verdict == scripts[_i].verdict &&
			      target.chain_len == scripts[_i].chain_len,
		      "%s: %d after %u", scripts[_i].text, target.verdict,
		      target.chain_len);
	ck_assert_uint_ge(len, strlen(end));
	ck_assert_str_eq(target.path + len - strlen(end), end);
	if (target.chain_len)
		ck_assert_str_eq(target.chain[0], path);
}
END_TEST

START_TEST(script_chains)
{
	char text[PATH_MAX + 8], name[] = "chain0", *last = name + sizeof(name) - 2;
	char long_line[600];
	struct target target;
	unsigned i;

	script(name, "#!/bin/sh\n");
	for (i = 1; i <= TARGET_DEPTH; i++) {
		snprintf(text, sizeof(text), "#!%s\n", in_room(name));
		*last = (char)('0' + i);
		script(name, text);
		target_read(in_room(name), &target);
		ck_assert_int_eq(target.verdict,
				 i < TARGET_DEPTH ? TARGET_PRELOAD : TARGET_TOO_DEEP);
	}
	snprintf(text, sizeof(text), "#!%s\n", in_room("loop"));
	ck_assert_int_eq(verdict_of(script("loop", text)), TARGET_TOO_DEEP);
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "#!/", 3);
	write_file("long", long_line, sizeof(long_line), 0755);
	ck_assert_int_eq(verdict_of(in_room("long")), TARGET_PRELOAD);
}
END_TEST

START_TEST(names)
{
	static char long_name[3 * PATH_MAX];

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_assert_int_eq(verdict_of(""), TARGET_NOT_FOUND);
	ck_assert_int_eq(verdict_of("no-such-command-here"), TARGET_NOT_FOUND);
	ck_assert_int_eq(verdict_of(long_name), TARGET_NOT_FOUND);
	long_name[0] = '/';
	ck_assert_int_eq(verdict_of(long_name), TARGET_NOT_FOUND);
	ck_assert_int_eq(verdict_of("/bin/true/x"), TARGET_NOT_FOUND);
	ck_assert_int_eq(verdict_of("/"), TARGET_NOT_EXECUTABLE);
	ck_assert_int_eq(verdict_of("/dev/null"), TARGET_NOT_EXECUTABLE);
	ck_assert_int_eq(verdict_of("/etc/passwd"), TARGET_NOT_EXECUTABLE);
	ck_assert_int_eq(mkfifo(in_room("fifo"), 0755), 0);
	ck_assert_int_eq(verdict_of(in_room("fifo")), TARGET_NOT_EXECUTABLE);
	ck_assert_int_eq(verdict_of(write_file("nul", "a\0b", 3, 0755)),
			 TARGET_NOT_A_PROGRAM);
}
END_TEST

/* As execvp(): what cannot be executed is passed over, but remembered. */
START_TEST(search_path)
{
	char path[3 * PATH_MAX];
	struct target target;

	ck_assert_int_eq(mkdir(in_room("a"), 0755), 0);
	ck_assert_int_eq(mkdir(in_room("b"), 0755), 0);
	write_file("a/thing", "#!/bin/sh\n", 10, 0644);
	snprintf(path, sizeof(path), "/no/such:%s:%s", in_room("a"), in_room("b"));
	setenv("PATH", path, 1);
	target_read("thing", &target);
	ck_assert_int_eq(target.verdict, TARGET_NOT_EXECUTABLE);
	ck_assert_str_eq(target.path, in_room("a/thing"));
	script("b/thing", "#!/bin/sh\n");
	target_read("thing", &target);
	ck_assert_int_eq(target.verdict, TARGET_PRELOAD);
	ck_assert_str_eq(target.chain[0], in_room("b/thing"));
	ck_assert_int_eq(chdir(in_room("b")), 0);
	setenv("PATH", "", 1); /* one empty word: the current directory */
	target_read("thing", &target);
	ck_assert_str_eq(target.chain[0], "./thing");
	unsetenv("PATH");
	ck_assert_int_eq(verdict_of("sh"), TARGET_PRELOAD);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("target");
	TCase *tests = tcase_create("target");
	SRunner *runner = srunner_create(suite);
	int failed;

	/* A directory that is closed to us would answer for what is nowhere. */
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	if (!mkdtemp(room)) {
		perror(room);
		return EXIT_FAILURE;
	}
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, programs);
	tcase_add_test(tests, built_programs);
	tcase_add_test(tests, privileges);
	tcase_add_test(tests, capabilities);
	tcase_add_loop_test(tests, script_of, 0, sizeof(scripts) / sizeof(*scripts));
	tcase_add_test(tests, script_chains);
	tcase_add_test(tests, names);
	tcase_add_test(tests, search_path);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	build("rm -rf", room, "");
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
