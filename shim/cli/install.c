/* SPDX-License-Identifier: MIT */
/*
 * install: the verbs install and uninstall: the object in front of programs that nobody
 * starts by `tfo run`. What each place needs is in the module of its name.
 */
#include "cli/cli.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/everywhere.h"
#include "cli/image.h"
#include "cli/options.h"
#include "cli/rootfs.h"
#include "cli/service.h"

enum { CONTAINER, SYSTEMD, LD_SO_PRELOAD, TAG, DRY_RUN };
static const struct option_row options[] = {
	[CONTAINER] = { "container", 0, "ROOTFS|IMAGE", KIND_DIRECTORY,
			"a directory that is the root of a container, or an image" },
	[SYSTEMD] = { "systemd", 0, "UNIT", NULL, "a service, by a drop-in" },
	[LD_SO_PRELOAD] = { "ld-so-preload", 0, NULL, NULL,
			    "every program of this system, by /etc/ld.so.preload" },
	[TAG] = { "tag", 0, "NAME", NULL,
		  "the name of the new image; else that of IMAGE with -tfo behind" },
	[DRY_RUN] = { "dry-run", 'n', NULL, NULL, "only say what would be done" },
	{ 0 },
};

struct wish {
	int where; /* a row, or -1 */
	const char *what, *tag;
	bool dry;
};

static int note(struct wish *w, const char *verb, int option)
{
	if (option == DRY_RUN) {
		w->dry = true;
	} else if (option == TAG) {
		w->tag = optarg;
	} else if (w->where >= 0) {
		return say_usage(verb, "one place at a time");
	} else {
		w->where = option;
		w->what = optarg;
	}
	return STATUS_OK;
}

static int parse(struct wish *w, const struct verb *verb, int argc, char **argv)
{
	struct stat is;
	int option, status;

	while ((option = options_next(verb, argc, argv)) != OPTIONS_END) {
		if (option == OPTIONS_BAD)
			return STATUS_USAGE;
		status = note(w, verb->name, option);
		if (status)
			return status;
	}
	if (optind < argc)
		return say_usage(verb->name, "it takes no arguments but options");
	if (w->where < 0)
		return say_usage(verb->name,
				 "where? --container, --systemd or --ld-so-preload");
	if (w->what && !*w->what)
		return say_usage(verb->name, "a name is empty");
	if (w->tag && (w->where != CONTAINER || stat(w->what, &is) == 0))
		return say_usage(verb->name, "--tag goes with an image");
	return STATUS_OK;
}

/* A path that is not there is no name of an image. */
static bool is_directory(const char *what)
{
	struct stat is;

	return stat(what, &is) == 0 || what[0] == '/' || what[0] == '.';
}

static int install(const struct wish *w)
{
	if (w->where == SYSTEMD)
		return service_install(w->what, w->dry);
	if (w->where == LD_SO_PRELOAD)
		return everywhere_install(w->dry);
	return is_directory(w->what) ? rootfs_install(w->what, w->dry)
				     : image_install(w->what, w->tag, w->dry);
}

static int uninstall(const struct wish *w)
{
	if (w->where == SYSTEMD)
		return service_uninstall(w->what, w->dry);
	if (w->where == LD_SO_PRELOAD)
		return everywhere_uninstall(w->dry);
	return is_directory(w->what) ? rootfs_uninstall(w->what, w->dry)
				     : image_uninstall(w->what, w->tag, w->dry);
}

/* A Control-C between the steps would leave them half done; programs that are asked
 * hear it.
 */
static void hold_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* What was done is done, whether it can be told or not: that is what the status says.
 */
static int change(const struct verb *verb, int (*of)(const struct wish *), int argc,
		  char **argv)
{
	struct wish w = { .where = -1 };
	int status = parse(&w, verb, argc, argv), told;

	if (status)
		return status;
	hold_signals();
	status = of(&w);
	told = say_done(status);
	return w.dry ? told : status;
}

static int install_main(int argc, char **argv)
{
	return change(&install_verb, install, argc, argv);
}

static int uninstall_main(int argc, char **argv)
{
	return change(&uninstall_verb, uninstall, argc, argv);
}

const struct verb install_verb = {
	.name = "install",
	.synopsis = "--container ROOTFS|IMAGE | --systemd UNIT | --ld-so-preload",
	.summary = "put it in front of a container, a service, or everything",
	.options = options,
	.status =
		"Exit status: 0 done, or done already; 1 it would be of no use there;\n"
		"125 it could not be done: all is as it was; 2 bad usage.\n",
	.main = install_main,
};

const struct verb uninstall_verb = {
	.name = "uninstall",
	.synopsis = "--container ROOTFS|IMAGE | --systemd UNIT | --ld-so-preload",
	.summary = "take away what 'tfo install' put there",
	.options = options,
	.status = "Exit status: 0 gone, or never there; 1 what is not ours was left;\n"
		  "125 it could not be done; 2 bad usage.\n",
	.main = uninstall_main,
};
