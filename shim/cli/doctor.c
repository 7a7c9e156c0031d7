/* SPDX-License-Identifier: MIT */
/*
 * doctor: asks whether programs can have Fast Open here: one line per question, with
 * the remedy where there is one. It asks about the object, the state directory, the
 * environment and the program itself; the kernel is left to machine. It changes
 * nothing.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/findings.h"
#include "cli/machine.h"
#include "cli/options.h"
#include "cli/source.h"
#include "core/elf.h"
#include "core/share.h"
#include "core/target.h"

static bool is_object(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool answer;

	if (fd < 0)
		return false;
	answer = elf_is_object(fd);
	close(fd);
	return answer;
}

/* A process started with it must be silent and succeed. */
static void check_start(struct findings *findings, const char *path)
{
	static const char program[] = "/bin/true", name[] = "start";
	char noise[512], sentence[TARGET_SENTENCE];
	struct target target;
	int status;

	target_read(program, &target);
	if (target.verdict != TARGET_PRELOAD) {
		target_sentence(&target, sentence);
		findings_tell(findings, LEVEL_WARN, name, NULL, "not tried: %s",
			      sentence);
		return;
	}
	status = object_try(path, program, noise, sizeof(noise));
	if (status == 0 && !*noise) {
		findings_tell(findings, LEVEL_OK, name, NULL, "%s starts with it",
			      program);
		return;
	}
	if (status < 0)
		findings_tell(findings, LEVEL_FAIL, name, NULL, "%s: %s", program,
			      strerror(-status));
	else if (status && WIFSIGNALED(status))
		findings_tell(findings, LEVEL_FAIL, name, NULL,
			      "%s dies of signal %d with it", program,
			      WTERMSIG(status));
	else if (status)
		findings_tell(findings, LEVEL_FAIL, name, NULL, "%s exits with %d: %s",
			      program, WEXITSTATUS(status), noise);
	else
		findings_tell(findings, LEVEL_FAIL, name, NULL, "%s says: %s", program,
			      noise);
	findings_deny_both(findings, "no program starts as it should");
}

static void check_object(struct findings *findings)
{
	static const char name[] = "object";
	char path[PATH_MAX];
	int err = object_find(path, sizeof(path));

	if (err == -EINVAL)
		findings_tell(findings, LEVEL_FAIL, name, NULL,
			      "%s: LD_PRELOAD cannot name a path with ':' or ' ' in it",
			      path);
	else if (err)
		findings_tell(findings, LEVEL_FAIL, name, "make install",
			      "libtfoshim.so is neither beside tfo nor in %s",
			      TFOSHIM_LIBDIR);
	else if (!is_object(path))
		findings_tell(findings, LEVEL_FAIL, name, "make install",
			      "%s is no shared object for this machine", path);
	else {
		findings_tell(findings, LEVEL_OK, name, NULL, "%s", path);
		check_start(findings, path);
		return;
	}
	findings_deny_both(findings, "libtfoshim.so cannot be used");
}

static bool can_make(const char *path)
{
	char copy[PATH_MAX];

	strcpy(copy, path);
	return !access(dirname(copy), W_OK | X_OK);
}

/* What is wrong with a state directory that exists, and a pattern of the remedy. */
static const char *find_fault(const struct stat *st, const char **ret_remedy)
{
	static const char elsewhere[] = "export TFOSHIM_STATE=\"$HOME/.tfoshim\"";

	if (S_ISLNK(st->st_mode)) {
		*ret_remedy = "export TFOSHIM_STATE=\"$(readlink -f @)\"";
		return "is a symbolic link, and none is followed";
	}
	if (!S_ISDIR(st->st_mode)) {
		*ret_remedy = "mv @ @.old";
		return "is no directory";
	}
	if (st->st_uid != geteuid()) {
		*ret_remedy = geteuid() ? elsewhere : "chown 0 @";
		return "belongs to somebody else";
	}
	if ((st->st_mode & 0777) != 0700) {
		*ret_remedy = "chmod 700 @";
		return "has not the mode 0700";
	}
	return NULL;
}

static void check_state(struct findings *findings)
{
	static const char name[] = "state directory";
	const char *pattern = "mkdir -p -m 700 @", *fault;
	char remedy[2 * PATH_MAX + 64];
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	bool made;
	TEXT(path, PATH_MAX);

	if (!share_directory(&path, getenv("TFOSHIM_STATE"), runtime)) {
		findings_tell(findings, LEVEL_WARN, name,
			      "export TFOSHIM_STATE=\"$HOME/.tfoshim\"",
			      "none: neither TFOSHIM_STATE nor XDG_RUNTIME_DIR is of "
			      "use; every process learns for itself");
		return;
	}
	made = lstat(path.at, &st) == 0;
	if (made)
		fault = find_fault(&st, &pattern);
	else
		fault = errno == ENOENT && can_make(path.at) ? NULL : "cannot be made";
	if (fault)
		findings_tell(findings, LEVEL_FAIL, name,
			      findings_paste(remedy, sizeof(remedy), pattern, path.at),
			      "%s %s; every process learns for itself", path.at, fault);
	else
		findings_tell(findings, LEVEL_OK, name, NULL, "%s%s", path.at,
			      made ? "" : ", to be made by the first program");
}

static void check_policy(struct findings *findings)
{
	static const char name[] = "policy";
	struct policy p = { .arena = { NULL, 0 } };
	bool must_exist;
	const char *path = source_in_force(&must_exist);
	unsigned int errors = source_count(&p, path, must_exist);

	if (errors) {
		findings_tell(findings, LEVEL_FAIL, name, "tfo policy check",
			      "%s: %u error%s, so nothing at all is done", path, errors,
			      errors == 1 ? "" : "s");
		findings_deny_both(findings, "the policy has errors");
	} else if (p.rules.n) {
		findings_tell(findings, LEVEL_OK, name, NULL, "%s: %u rule%s", path,
			      p.rules.n, p.rules.n == 1 ? "" : "s");
	} else {
		findings_tell(findings, LEVEL_OK, name, NULL,
			      "no rules in %s: the defaults hold", path);
	}
	policy_drop(&p);
}

static void check_environment(struct findings *findings)
{
	const char *preload = getenv("LD_PRELOAD");

	if (!preload || !*preload)
		findings_tell(findings, LEVEL_OK, "LD_PRELOAD", NULL, "not set");
	else
		findings_tell(findings, LEVEL_OK, "LD_PRELOAD", NULL,
			      "%s; 'tfo run' %s", preload,
			      object_is_in(preload) ? "leaves it as it is"
						    : "keeps it, behind libtfoshim.so");
	if (!object_is_off()) {
		findings_tell(findings, LEVEL_OK, "TFOSHIM_OFF", NULL, "not set");
		return;
	}
	findings_tell(findings, LEVEL_WARN, "TFOSHIM_OFF", "unset TFOSHIM_OFF",
		      "set: libtfoshim.so does nothing at all");
	findings_deny_both(findings, "TFOSHIM_OFF is set");
}

static void check_target(struct findings *findings, const char *command)
{
	char sentence[TARGET_SENTENCE];
	struct target target;

	target_read(command, &target);
	target_sentence(&target, sentence);
	if (target.verdict == TARGET_PRELOAD) {
		findings_tell(findings, LEVEL_OK, "program", NULL, "%s", sentence);
	} else if (target.verdict == TARGET_UNREADABLE) {
		findings_tell(findings, LEVEL_WARN, "program", NULL, "%s", sentence);
	} else {
		findings_tell(findings, LEVEL_FAIL, "program", NULL, "%s", sentence);
		findings_deny_both(findings, "the program cannot be reached");
	}
}

static int doctor_main(int argc, char **argv)
{
	struct findings findings;

	if (options_next(&doctor_verb, argc, argv) != OPTIONS_END)
		return STATUS_USAGE;
	findings_begin(&findings);
	if (optind < argc)
		check_target(&findings, argv[optind]);
	machine_check(&findings);
	check_state(&findings);
	check_policy(&findings);
	check_object(&findings);
	check_environment(&findings);
	return say_done(findings_end(&findings) ? STATUS_FINDING : STATUS_OK);
}

const struct verb doctor_verb = {
	.name = "doctor",
	.synopsis = "[--] [COMMAND [ARGUMENT...]]",
	.summary = "ask whether this machine, and COMMAND, can do it",
	.details = "One line per check: ok, warn or fail, the fact, and a remedy to\n"
		   "paste. The last line says who gains. COMMAND is not started.\n",
	.operands = KIND_COMMAND,
	.status = "Exit status: 0 clients and servers gain and no check failed,\n"
		  "1 otherwise, 2 bad usage.\n",
	.main = doctor_main,
};
