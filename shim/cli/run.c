/* SPDX-License-Identifier: MIT */
/*
 * run: starts a program with the object in front of it, by exec and nothing else:
 * process id, signals and exit status are the program's own. It knows when that cannot
 * work and says so; which road reaches a program is known to target, where the object
 * is to object.
 */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/become.h"
#include "cli/machine.h"
#include "cli/options.h"
#include "cli/sanitizer.h"
#include "cli/source.h"
#include "cli/statedir.h"
#include "core/leakset.h"
#include "core/target.h"

struct plan {
	bool dry, require;
	bool launcher; /* of a container: all that is in it is meant */
	char *state;   /* absolute, or NULL */
	char *policy;  /* likewise */
	char *leaks;   /* for TFOSHIM_LEAKS, or NULL */
	char *preload; /* the new LD_PRELOAD; NULL: run it unchanged */
	char *asan;    /* for ASAN_OPTIONS, or NULL */
	char **command;
	struct target target;
	char sentence[TARGET_SENTENCE];
};

/* The program may change its directory before the object looks for this one. */
static char *absolute(const char *path)
{
	char here[PATH_MAX], *whole;

	if (*path == '/')
		return strdup(path);
	if (!getcwd(here, sizeof(here)) || asprintf(&whole, "%s/%s", here, path) < 0)
		return NULL;
	return whole;
}

static int parse_path(char **ret, const char *option, const char *path)
{
	char problem[64];

	if (!*path) {
		snprintf(problem, sizeof(problem), "'--%s' needs a path", option);
		return say_usage("run", problem);
	}
	free(*ret);
	*ret = absolute(path);
	if (*ret)
		return STATUS_OK;
	say_error("--%s %s: %m; nothing was started", option, path);
	return STATUS_SELF;
}

static int parse_leaks(char **ret, char *mode)
{
	char problem[128 + sizeof(LEAKSET_WORDS)];
	struct leakset asked;

	*ret = mode;
	if (leakset_read(mode, &asked))
		return STATUS_OK;
	snprintf(problem, sizeof(problem), "'--leaks' needs %s, not '%s'",
		 LEAKSET_WORDS, mode);
	return say_usage("run", problem);
}

enum { DRY_RUN, REQUIRE, POLICY, LEAKS, STATE };
static const struct option_row options[] = {
	[DRY_RUN] = { "dry-run", 'n', NULL, NULL,
		      "start nothing: print the verdict and a line for sh" },
	[REQUIRE] = { "require", 0, NULL, NULL,
		      "start nothing when the program cannot be reached or\n"
		      "the policy has errors" },
	[POLICY] = { "policy", 0, "PATH", KIND_FILE,
		     "the policy for it, a file or a directory" },
	[LEAKS] = { "leaks", 0, "MODE", "off|count|exit|fatal",
		    "what is done about sockets that it does not "
		    "close:\n" LEAKSET_WORDS },
	[STATE] = { "state", 0, "DIR", KIND_DIRECTORY,
		    "keep the memory of destinations in DIR" },
	{ 0 },
};

/* STATUS_OK, or the status to leave with. */
static int parse(struct plan *plan, int argc, char **argv)
{
	int option = 0, status = STATUS_OK;

	while (!status && (option = options_next(&run_verb, argc, argv)) >= 0) {
		plan->dry |= option == DRY_RUN;
		plan->require |= option == REQUIRE;
		if (option == POLICY)
			status = parse_path(&plan->policy, "policy", optarg);
		else if (option == LEAKS)
			status = parse_leaks(&plan->leaks, optarg);
		else if (option == STATE)
			status = parse_path(&plan->state, "state", optarg);
	}
	if (option == OPTIONS_BAD)
		status = STATUS_USAGE;
	if (status)
		return status;
	if (optind == argc)
		return say_usage("run", "no command is named");
	plan->command = argv + optind;
	return STATUS_OK;
}

/* Is there anything to start? execvp() has the last word; this chooses the status. */
static int status_of(enum target_verdict verdict)
{
	if (verdict == TARGET_NOT_FOUND)
		return STATUS_MISSING;
	if (verdict == TARGET_NOT_EXECUTABLE || verdict == TARGET_TOO_DEEP)
		return STATUS_CANNOT;
	return STATUS_OK;
}

/* Worth trying: what cannot be read may still have a loader that reads LD_PRELOAD. */
static bool may_be_reached(enum target_verdict verdict)
{
	return verdict == TARGET_PRELOAD || verdict == TARGET_UNREADABLE;
}

/* Has no loader itself, but what it starts may have one: the variable is handed on. */
static bool hands_on(const struct plan *plan)
{
	enum target_verdict verdict = plan->target.verdict;

	return plan->launcher && (verdict == TARGET_STATIC || verdict == TARGET_GO ||
				  verdict == TARGET_NO_LIBC);
}

static int refuse(const struct plan *plan)
{
	if (object_is_off())
		say_error("TFOSHIM_OFF is set; not started, as --require asks");
	else
		say_error("%s; not started, as --require asks", plan->sentence);
	return STATUS_SELF;
}

/* Without the object a program runs as before: we never keep one from starting. */
static int do_without(const struct plan *plan, int err, const char *path)
{
	const char *then = plan->require ? "not started, as --require asks"
					 : "it runs without Fast Open";

	if (err == -EINVAL)
		say_error("%s: LD_PRELOAD cannot name a path with ':' or ' ' in it; %s",
			  path, then);
	else if (err == -EACCES)
		say_error("%s is on a file system mounted noexec; %s", path, then);
	else if (err == -ENOEXEC)
		say_error("%s is no shared object for this machine; %s", path, then);
	else
		say_error("libtfoshim.so is neither beside tfo nor in %s; %s",
			  TFOSHIM_LIBDIR, then);
	return plan->require ? STATUS_SELF : STATUS_OK;
}

static int choose_preload(struct plan *plan)
{
	char path[PATH_MAX];
	int err = object_find(path, sizeof(path));

	if (!err && !object_is_good(path))
		err = -ENOEXEC;
	if (err && hands_on(plan))
		return STATUS_OK; /* enough has been said of this program */
	if (err)
		return do_without(plan, err, path);
	plan->preload = object_before(path, getenv("LD_PRELOAD"));
	plan->asan = sanitizer_options(&plan->target);
	if (plan->preload)
		return STATUS_OK;
	say_error("out of memory; nothing was started");
	return STATUS_SELF;
}

/* A program that starts with a bad policy gets nothing; its errors are told here. */
static int check_policy(const struct plan *plan)
{
	struct policy p = { .arena = { NULL, 0 } };
	bool must_exist = true;
	const char *path = plan->policy ? plan->policy : source_in_force(&must_exist);
	unsigned int errors;

	errors = source_read(&p, path, must_exist);
	policy_drop(&p);
	if (!errors)
		return STATUS_OK;
	say_error("the policy %s cannot be used; %s", path,
		  plan->require ? "not started, as --require asks"
				: "it runs without Fast Open");
	return plan->require ? STATUS_SELF : STATUS_OK;
}

static int decide(struct plan *plan)
{
	enum target_verdict verdict;
	int status;

	target_read(plan->command[0], &plan->target);
	target_sentence(&plan->target, plan->sentence);
	verdict = plan->target.verdict;
	if (status_of(verdict))
		return STATUS_OK;
	if (plan->require && (verdict != TARGET_PRELOAD || object_is_off()))
		return refuse(plan);
	if (!may_be_reached(verdict) && !hands_on(plan))
		return STATUS_OK;
	status = object_is_off() ? STATUS_OK : check_policy(plan);
	return status ? status : choose_preload(plan);
}

/* What the sentence ends with, as things are. */
static const char *ending(const struct plan *plan)
{
	if (status_of(plan->target.verdict))
		return "";
	if (plan->preload && hands_on(plan))
		return "; only what it starts may have Fast Open";
	if (!may_be_reached(plan->target.verdict))
		return "; it runs without Fast Open";
	if (object_is_off())
		return "; it runs without Fast Open, since TFOSHIM_OFF is set";
	return plan->target.verdict == TARGET_UNREADABLE ? "; it is tried" : "";
}

static const char *const names[] = { "TFOSHIM_STATE", "TFOSHIM_POLICY", "TFOSHIM_LEAKS",
				     "LD_PRELOAD", "ASAN_OPTIONS" };

#define VARIABLES (sizeof(names) / sizeof(*names))

/* What the environment gets; NULL: it stays as it is. */
static void variables(const struct plan *plan, const char *ret_value[VARIABLES])
{
	const char *const all[VARIABLES] = { plan->state, plan->policy, plan->leaks,
					     plan->preload, plan->asan };

	memcpy(ret_value, all, sizeof(all));
}

/* A comment and a line for sh. env, so that no builtin of the shell takes the place. */
static int show(struct plan *plan)
{
	const char *value[VARIABLES];
	char **word = plan->command;

	variables(plan, value);
	say_clean(plan->sentence);
	printf("# %s%s\nenv", plan->sentence, ending(plan));
	for (size_t i = 0; i < VARIABLES; i++)
		if (value[i]) {
			printf(" %s=", names[i]);
			say_word(stdout, value[i]);
		}
	if (strchr(*word, '=')) /* env would read it as one more variable */
		printf(" sh -c 'exec \"$0\" \"$@\"'");
	for (; *word; word++) {
		putchar(' ');
		say_word(stdout, *word);
	}
	putchar('\n');
	return say_done(status_of(plan->target.verdict));
}

static int fail(const struct plan *plan, int err)
{
	if (status_of(plan->target.verdict))
		say_error("%s", plan->sentence);
	else
		say_error("%s could not be started: %s", plan->command[0],
			  strerror(err));
	return err == ENOENT ? STATUS_MISSING : STATUS_CANNOT;
}

/* A new network namespace, as containers have, begins with the client's half alone. */
static void tell_network(const struct plan *plan)
{
	const int both = MACHINE_CLIENT | MACHINE_SERVER;
	long bits = machine_fastopen();

	if (!plan->launcher || !plan->preload || bits < 0 || (bits & both) == both)
		return;
	say_error("net.ipv4.tcp_fastopen is %ld in this network namespace: clients "
		  "have Fast Open with 1, servers with 2, both with 3",
		  bits);
}

static void tell_limits(const struct plan *plan)
{
	TEXT(why_not, PATH_MAX + 64);

	if (plan->target.verdict != TARGET_PRELOAD || object_is_off())
		return;
	tell_network(plan);
	if (!statedir_keeps(&why_not))
		say_error("what is learnt cannot be kept: %s; each process begins anew",
			  why_not.at);
}

static int start(const struct plan *plan)
{
	enum target_verdict verdict = plan->target.verdict;
	const char *value[VARIABLES];

	if (verdict != TARGET_PRELOAD && !status_of(verdict))
		say_error("%s%s", plan->sentence, ending(plan));
	variables(plan, value);
	for (size_t i = 0; i < VARIABLES; i++)
		if (value[i] && setenv(names[i], value[i], 1) < 0) {
			say_error("out of memory; nothing was started");
			return STATUS_SELF;
		}
	tell_limits(plan);
	become(&plan->target, plan->command);
	return fail(plan, errno);
}

static int carry_out(struct plan *plan)
{
	int status = decide(plan);

	if (!status)
		status = plan->dry ? show(plan) : start(plan);
	free(plan->state);
	free(plan->policy);
	free(plan->preload);
	free(plan->asan);
	return status;
}

int run_launch(char **command)
{
	struct plan plan = { .launcher = true, .command = command };

	if (!getenv("TFOSHIM_STATE") && !getenv("XDG_RUNTIME_DIR") &&
	    access("/run", W_OK) < 0 && /* a user without a session */
	    asprintf(&plan.state, "/tmp/tfoshim-%u", geteuid()) < 0)
		plan.state = NULL;
	return carry_out(&plan);
}

static int run_main(int argc, char **argv)
{
	struct plan plan = { 0 };
	int status = parse(&plan, argc, argv);

	return status ? status : carry_out(&plan);
}

const struct verb run_verb = {
	.name = "run",
	.synopsis = "[OPTION...] [--] COMMAND [ARGUMENT...]",
	.summary = "start a program with Fast Open",
	.options = options,
	.operands = KIND_COMMAND,
	.status =
		"Exit status: the program's own; 125 tfo failed or --require refused,\n"
		"126 COMMAND cannot be executed, 127 COMMAND was not found,\n"
		"2 bad usage.\n",
	.main = run_main,
};
