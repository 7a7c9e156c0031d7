/* SPDX-License-Identifier: MIT */
/*
 * status: whether it is worth it here, what was done and what is being done. It reads
 * what programs write anyway, and asks the kernel; no program notices.
 */
#include "cli/cli.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/options.h"
#include "cli/paint.h"
#include "cli/screen.h"
#include "cli/statedir.h"
#include "cli/summary.h"
#include "core/share.h"

#define EVERY 2.0 /* seconds */
#define LONGEST 86400.0

struct asked {
	const char *only;
	bool json, all, watch;
	double every;
	int status;
};

/* --- what was asked -------------------------------------------------------------- */

enum { WATCH, ALL, JSON };

static const struct option_row options[] = {
	[WATCH] = { "watch", 'w', "[=SECONDS]", NULL,
		    "show it again and again, in place (every 2 s);\n"
		    "'q' or ^C ends it" },
	[ALL] = { "all", 'a', NULL, NULL, "long lists, too" },
	[JSON] = { "json", 'j', NULL, NULL, "as JSON, and all of it" },
	[JSON + 1] = { 0 },
};

static int read_seconds(struct asked *asked, const char *text)
{
	char *end;

	asked->watch = true;
	asked->every = EVERY;
	if (!text)
		return STATUS_OK;
	asked->every = strtod(text, &end);
	if (end != text && !*end && asked->every >= 0.1 && asked->every <= LONGEST)
		return STATUS_OK;
	say_error("status: '%s' is no time: it must be seconds, 0.1 to 86400", text);
	return STATUS_USAGE;
}

static int parse(struct asked *asked, int argc, char **argv)
{
	int option, status = STATUS_OK;

	while (!status &&
	       (option = options_next(&status_verb, argc, argv)) != OPTIONS_END)
		if (option == WATCH)
			status = read_seconds(asked, optarg);
		else if (option == ALL)
			asked->all = true;
		else if (option == JSON)
			asked->json = true;
		else
			status = STATUS_USAGE;
	if (status)
		return status;
	if (optind + 1 < argc)
		return say_usage("status", "it takes one DESTINATION or PROGRAM");
	if (optind < argc)
		asked->only = argv[optind];
	return STATUS_OK;
}

/* --- the verb -------------------------------------------------------------------- */

static bool is_empty(const struct summary *s)
{
	return s->is_none || (!s->connections && !s->destinations && !s->programs);
}

static int show_nothing(const struct asked *asked, const struct summary *s)
{
	TEXT(why_not, PATH_MAX + 64);

	if (!statedir_keeps(&why_not)) {
		printf("Nothing has been done here yet, and nothing can be kept, so "
		       "each program learns\nfor itself: %s. First give:\n"
		       "    export TFOSHIM_STATE=\"$HOME/.tfoshim\"\n",
		       why_not.at);
		return STATUS_OK;
	}
	if (!asked->only || is_empty(s)) {
		puts("Nothing has been done here yet: start a program with 'tfo run "
		     "-- COMMAND'; 'tfo help' says more.");
		if (*s->other)
			printf("What was done before is not read: %s.\n", s->other);
		return STATUS_OK;
	}
	say_error("no destination and no running program here has '%s' in its name",
		  asked->only);
	return STATUS_FINDING;
}

/* What was refused has been told; the rest is shown. */
static bool show(void *with)
{
	struct asked *asked = with;
	struct summary s;
	bool is_good = summary_read(&s, asked->only);

	asked->status = is_good ? STATUS_OK : STATUS_SELF;
	if (asked->json && (is_good || s.traffic || s.memory)) {
		json_show(summary_json(&s));
	} else if (is_good &&
		   (is_empty(&s) || (asked->only && !s.destinations && !s.programs))) {
		asked->status = show_nothing(asked, &s);
	} else if (is_good || s.traffic || s.memory) {
		summary_show(&s, asked->all);
	}
	summary_drop(&s);
	return true;
}

static int status_main(int argc, char **argv)
{
	struct asked asked = { 0 };
	int status = parse(&asked, argc, argv);

	if (status)
		return status;
	if (asked.watch)
		screen_repeat(asked.every, show, &asked);
	else
		show(&asked);
	return say_done(asked.status);
}

const struct verb status_verb = {
	.name = "status",
	.synopsis = "[DESTINATION|PROGRAM] [OPTION...]",
	.summary = "is it worth it here? what was done, and what is going on",
	.details =
		"How much sooner the first byte comes with Fast Open, what became of "
		"connections,\n"
		"destinations with their pauses, running programs, and the kernel's "
		"own counters.\n"
		"With a part of a destination's name or address, or of a program's: "
		"only those.\n"
		"'tfo' alone is 'tfo status'.\n",
	.options = options,
	.status = "Exit status: 0 done, 1 nothing has such a name, 2 bad usage, 125 "
		  "what is known\n"
		  "here cannot be read.\n",
	.operands = KIND_HOST,
	.main = status_main,
};
