/* SPDX-License-Identifier: MIT */
/*
 * main: the table of verbs, which is parser, dispatcher and help in one. What a verb
 * does and which options it has is left to the file of its name.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "cli/completion.h"
#include "cli/options.h"

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct verb help_verb = {
	.name = "help",
	.synopsis = "[VERB]",
	.summary = "say what the verbs are, or one of them",
	.main = help_main,
};

static const struct verb version_verb = {
	.name = "version",
	.synopsis = "",
	.summary = "print the version",
	.main = version_main,
};

static const struct verb *const verbs[] = {
	&run_verb,     &status_verb,	&watch_verb, &probe_verb,   &doctor_verb,
	&policy_verb,  &explain_verb,	&leaks_verb, &metrics_verb, &reset_verb,
	&install_verb, &uninstall_verb, &help_verb,  &version_verb, NULL,
};

#define VERBS (sizeof(verbs) / sizeof(*verbs) - 1)

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

static int no_such_verb(const char *name)
{
	say_error("'%s' is no verb; 'tfo help' lists them", name);
	return STATUS_USAGE;
}

static int show_verbs(void)
{
	size_t i;

	puts("tfo: TCP Fast Open for programs that nobody may change\n");
	for (i = 0; i < VERBS; i++)
		printf("  tfo %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n'tfo help VERB' says more; so do tfo(1) and tfoshim(7).");
	return say_done(STATUS_OK);
}

static void show_text(const char *text)
{
	if (text)
		printf("\n%s", text);
}

static void show_options(const struct verb *verb)
{
	if (!verb->options)
		return;
	putchar('\n');
	options_show(stdout, verb->options);
}

static int show_verb(const struct verb *verb)
{
	printf("tfo %s%s%s\n\n%c%s.\n", verb->name, *verb->synopsis ? " " : "",
	       verb->synopsis, verb->summary[0] - 'a' + 'A', verb->summary + 1);
	show_text(verb->details);
	show_options(verb);
	for (size_t i = 0; verb->subs && verb->subs[i]; i++) {
		printf("\n%s: %s.\n", verb->subs[i]->name, verb->subs[i]->summary);
		if (verb->subs[i]->options)
			options_show(stdout, verb->subs[i]->options);
	}
	show_text(verb->status);
	return say_done(STATUS_OK);
}

static int help_main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2)
		return show_verbs();
	if (options_next(&help_verb, argc, argv) != OPTIONS_END)
		return STATUS_USAGE;
	if (argc > 2)
		return say_usage("help", "explains one verb at a time");
	verb = find_verb(argv[1]);
	return verb ? show_verb(verb) : no_such_verb(argv[1]);
}

static int version_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return say_usage("version", "takes no arguments");
	puts("tfo " PACKAGE_VERSION);
	return say_done(STATUS_OK);
}

/* For wrappers/completion: `tfo complete -- WORD...`. */
static int complete_main(int n, char **words)
{
	if (n < 1 || strcmp(words[0], "--"))
		return say_usage("help", "'complete' is for shells: -- WORD...");
	completion_show(stdout, verbs, n - 1, words + 1);
	return say_done(STATUS_OK);
}

/* `tfo --help` and `tfo VERB --help` are other spellings of `tfo help`. */
static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* An image's launcher, by its name: all that follows is what the image starts. */
static bool is_launcher(const char *name)
{
	const char *slash = strrchr(name, '/');

	return !strcmp(slash ? slash + 1 : name, "entrypoint");
}

static int launch(int argc, char **argv)
{
	if (argc > 1)
		return run_launch(argv + 1);
	say_error("behind %s the image's own entrypoint or a command has to stand",
		  argv[0]);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	say_setup();
	opterr = 0;
	if (argc && is_launcher(argv[0]))
		return launch(argc, argv);
	if (argc < 2)
		return status_verb.main(1, (char *[]){ "status", NULL });
	if (is_help(argv[1]))
		return show_verbs();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return version_main(1, argv);
	if (!strcmp(argv[1], "complete")) /* not for people */
		return complete_main(argc - 2, argv + 2);
	verb = find_verb(argv[1]);
	if (!verb)
		return no_such_verb(argv[1]);
	if (argc > 2 && is_help(argv[2]))
		return show_verb(verb);
	return verb->main(argc - 1, argv + 1);
}
