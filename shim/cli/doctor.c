/* SPDX-License-Identifier: MIT */
/*
 * doctor: asks whether programs can have Fast Open here: one line per question, with
 * the remedy where there is one. It asks about the object, the policy and the
 * environment itself; the rest is left to machine, statedir and patient. It changes
 * nothing.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/everywhere.h"
#include "cli/findings.h"
#include "cli/machine.h"
#include "cli/options.h"
#include "cli/patient.h"
#include "cli/proof.h"
#include "cli/source.h"
#include "cli/statedir.h"
#include "cli/trial.h"
#include "core/elf.h"
#include "core/keyfile.h"
#include "core/leakset.h"
#include "core/log.h"
#include "core/target.h"

#define START_MS 5000
#define NOISE 511 /* of what it says is told */

/* A process started with it must be silent and succeed. */
static void check_start(struct findings *findings, const char *path)
{
	static const char program[] = "/bin/true", name[] = "start";
	const char *const words[] = { program, NULL };
	char sentence[TARGET_SENTENCE];
	struct trial said;
	struct target target;
	int status;

	target_read(program, &target);
	if (target.verdict != TARGET_PRELOAD) {
		target_sentence(&target, sentence);
		findings_tell(findings, LEVEL_WARN, name, "not tried: %s", sentence);
		return;
	}
	status = trial_run(words, path, START_MS, &said);
	said.noise[NOISE] = '\0';
	if (status == 0 && !*said.noise) {
		findings_tell(findings, LEVEL_OK, name, "%s starts with it", program);
		return;
	}
	if (status < 0)
		findings_tell(findings, LEVEL_FAIL, name, "%s: %s", program,
			      strerror(-status));
	else if (status && WIFSIGNALED(status))
		findings_tell(findings, LEVEL_FAIL, name,
			      "%s dies of signal %d with it", program,
			      WTERMSIG(status));
	else if (status)
		findings_tell(findings, LEVEL_FAIL, name, "%s exits with %d: %s",
			      program, WEXITSTATUS(status), said.noise);
	else
		findings_tell(findings, LEVEL_FAIL, name, "%s says: %s", program,
			      said.noise);
	findings_deny_both(findings, "no program starts as it should");
}

static void check_object(struct findings *findings)
{
	static const char name[] = "object";
	char path[PATH_MAX];
	int err = object_find(path, sizeof(path));

	if (!err && object_is_good(path)) {
		findings_tell(findings, LEVEL_OK, name, "%s", path);
		check_start(findings, path);
		return;
	}
	if (err == -EINVAL)
		findings_tell(findings, LEVEL_FAIL, name,
			      "%s: LD_PRELOAD cannot name a path with ':' or ' ' in it",
			      path);
	else if (err == -EACCES)
		findings_tell(findings, LEVEL_FAIL, name,
			      "%s is on a file system mounted noexec", path);
	else if (err)
		findings_tell(findings, LEVEL_FAIL, name,
			      "libtfoshim.so is neither beside tfo nor in %s",
			      TFOSHIM_LIBDIR);
	else
		findings_tell(findings, LEVEL_FAIL, name,
			      "%s is no shared object for this machine", path);
	if (err != -EINVAL && err != -EACCES)
		findings_mend(findings, "where tfo was built, as root", "make install",
			      NULL);
	findings_deny_both(findings, "libtfoshim.so cannot be used");
}

/* A listener whose keys cannot be read has the kernel's own. */
static void check_keys(struct findings *findings, const struct policy *p)
{
	for (const struct rule *r = p->rules.first; r; r = r->next) {
		const char *path = rule_text(r, KEY_key_file), *problem;
		struct keyfile keys;

		if (!path)
			continue;
		problem = keyfile_read(path, &keys);
		explicit_bzero(&keys, sizeof(keys));
		findings_tell(findings, problem ? LEVEL_FAIL : LEVEL_OK, "key file",
			      "%s: %s", path,
			      problem ? problem : "can be read by this user");
	}
}

static void check_policy(struct findings *findings)
{
	static const char name[] = "policy";
	struct policy p = { .arena = { NULL, 0 } };
	bool must_exist;
	const char *path = source_in_force(&must_exist);
	unsigned int errors = source_count(&p, path, must_exist);

	if (errors) {
		findings_tell(findings, LEVEL_FAIL, name,
			      "%s: %u error%s, so nothing at all is done", path, errors,
			      errors == 1 ? "" : "s");
		findings_mend(findings, "says which", "tfo policy check @", path);
		findings_deny_both(findings, "the policy has errors");
	} else if (p.rules.n) {
		findings_tell(findings, LEVEL_OK, name, "%s: %u rule%s", path,
			      p.rules.n, p.rules.n == 1 ? "" : "s");
		check_keys(findings, &p);
	} else {
		findings_tell(findings, LEVEL_OK, name,
			      "no rules in %s: the defaults hold", path);
	}
	policy_drop(&p);
}

/* The object says so in its log only. */
static void tell_setting(struct findings *findings, const char *name, const char *words,
			 const char *then)
{
	findings_tell(findings, LEVEL_WARN, name, "'%s' is not %s: %s", getenv(name),
		      words, then);
	findings_mend(findings, NULL, "unset @", name);
}

static void check_settings(struct findings *findings)
{
	const char *leaks = getenv("TFOSHIM_LEAKS"), *log = getenv("TFOSHIM_LOG");
	struct leakset asked;

	if (leaks && *leaks && !leakset_read(leaks, &asked))
		tell_setting(findings, "TFOSHIM_LEAKS", LEAKSET_WORDS,
			     "the policy is gone by");
	if (log && *log && !log_open(log))
		tell_setting(findings, "TFOSHIM_LOG",
			     "off, error, info or debug with an optional ,json and "
			     ":PATH",
			     "errors alone are logged, to stderr");
	log_open("off"); /* that was to see whether it can be read */
}

static void check_switch(struct findings *findings)
{
	if (!object_is_off()) {
		findings_tell(findings, LEVEL_OK, "TFOSHIM_OFF", "not set");
		return;
	}
	findings_tell(findings, LEVEL_WARN, "TFOSHIM_OFF",
		      "set: libtfoshim.so does nothing at all");
	findings_mend(findings, NULL, "unset TFOSHIM_OFF", NULL);
	findings_deny_both(findings, "TFOSHIM_OFF is set");
}

enum { JSON };
static const struct option_row options[] = {
	[JSON] = { "json", 0, NULL, NULL, "as JSON" },
	{ 0 },
};

static int doctor_main(int argc, char **argv)
{
	struct findings findings;
	bool json = false;
	int option;

	while ((option = options_next(&doctor_verb, argc, argv)) >= 0)
		json = option == JSON;
	if (option == OPTIONS_BAD)
		return STATUS_USAGE;
	findings_begin(&findings, json);
	findings_put(&findings, "program", NULL);
	if (optind < argc)
		patient_check(&findings, argv + optind);
	machine_check(&findings);
	proof_check(&findings);
	statedir_check(&findings);
	check_policy(&findings);
	check_object(&findings);
	patient_check_preload(&findings);
	everywhere_check(&findings);
	check_switch(&findings);
	check_settings(&findings);
	return say_done(findings_end(&findings) ? STATUS_FINDING : STATUS_OK);
}

const struct verb doctor_verb = {
	.name = "doctor",
	.synopsis = "[--json] [--] [COMMAND [ARGUMENT...]]",
	.summary = "ask whether this machine, and COMMAND, can do it",
	.details =
		"One line per check: ok, warn or fail, the fact; below it, indented,\n"
		"what mends it, to paste. The last line says who gains. COMMAND is\n"
		"not started.\n",
	.options = options,
	.operands = KIND_COMMAND,
	.status = "Exit status: 0 clients and servers gain and no check failed,\n"
		  "1 otherwise, 2 bad usage.\n",
	.main = doctor_main,
};
