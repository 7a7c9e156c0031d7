/* SPDX-License-Identifier: MIT */
/*
 * leaks: the sockets that nobody closed, from outside: of programs that run, hang or
 * have ended. It only reads; the process is not asked and does not notice.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "cli/alone.h"
#include "cli/leaked.h"
#include "cli/leaked_json.h"
#include "cli/looks.h"
#include "cli/options.h"
#include "cli/unclosed.h"
#include "core/value.h"

#define MIN_AGE_MS MINUTE_MS

struct asked {
	const char *who, *suppress;
	int64_t min_age_ms;
	bool json, all;
	struct meant meant;
	struct json_object *document;
	unsigned int told;  /* programs that were shown */
	unsigned int quiet; /* ... that need not be */
	bool found;
};

/* --- one program ------------------------------------------------------------------ */

static void tell(struct asked *asked, const struct leaked *k)
{
	asked->found = asked->found || k->unclosed || k->findings;
	if (asked->document) {
		json_object_array_add(asked->document, leaked_json(k));
	} else if (asked->who || asked->all || k->unclosed || k->findings) {
		if (asked->told++)
			putchar('\n');
		leaked_show(k);
	} else {
		asked->quiet++;
	}
}

static void look_at(const struct ledgers_one *one, void *with)
{
	struct asked *asked = with;
	const struct unclosed_asked how = {
		.min_age_ms = asked->min_age_ms,
		.all = asked->all,
		.meant = asked->suppress ? &asked->meant : NULL,
		.find = symbols_find,
	};
	struct leaked k;

	if (unclosed_look(one, &how, &k)) {
		looks_compare(one, &k.places);
		tell(asked, &k);
	} else {
		say_error("%s: no memory", k.program);
	}
	unclosed_drop(&k);
}

/* --- what was asked --------------------------------------------------------------- */

static int read_age(struct asked *asked, const char *text)
{
	const char *wrong = value_parse(VALUE_duration, text, strlen(text),
					&asked->min_age_ms);

	if (!wrong)
		return STATUS_OK;
	say_error("leaks: '%s' is no age: it must be %s", text, wrong);
	return STATUS_USAGE;
}

enum { MIN_AGE, SUPPRESS, ALL, JSON };
static const struct option_row options[] = {
	[MIN_AGE] = { "min-age", 0, "T", NULL,
		      "only sockets that are so old (1min; 0: all)" },
	[SUPPRESS] = { "suppress", 0, "FILE", KIND_FILE,
		       "places whose sockets are meant to stay open" },
	[ALL] = { "all", 0, NULL, NULL, "also what is young, or meant to stay open" },
	[JSON] = { "json", 0, NULL, NULL, "as JSON" },
	{ 0 },
};

static int parse(struct asked *asked, int argc, char **argv)
{
	int option, status = STATUS_OK;

	while (!status &&
	       (option = options_next(&leaks_verb, argc, argv)) != OPTIONS_END)
		if (option == MIN_AGE)
			status = read_age(asked, optarg);
		else if (option == SUPPRESS)
			asked->suppress = optarg;
		else if (option == JSON)
			asked->json = true;
		else if (option == ALL)
			asked->all = true;
		else
			status = STATUS_USAGE;
	if (!status && optind + 1 < argc)
		status = say_usage("leaks", "it takes one PID or PROGRAM, or nothing");
	asked->who = optind < argc ? argv[optind] : NULL;
	return status;
}

/* --- the verb --------------------------------------------------------------------- */

/* Nothing was found: why. */
static int tell_none(const char *who, const struct ledgers_tally *tally)
{
	if (tally->refused)
		return STATUS_SELF;
	if (!who) {
		fputs("no program here keeps a ledger: 'tfo run' starts one that "
		      "does\n",
		      stderr);
		return STATUS_OK;
	}
	if (!tally->running) {
		say_error("no '%s' runs here, nor has one left its ledger", who);
		return STATUS_SELF;
	}
	if (tally->is_hidden) {
		say_error("'%s' may not be looked into: only its user and root may",
			  who);
		return STATUS_SELF;
	}
	say_error("'%s' runs without libtfoshim.so: start it with 'tfo run'", who);
	return STATUS_SELF;
}

static int conclude(struct asked *asked, const struct ledgers_tally *tally)
{
	if (asked->document)
		json_show(asked->document);
	else if (asked->quiet)
		printf("%s%u program%s with nothing unclosed: --all shows them\n",
		       asked->told ? "\n" : "", asked->quiet,
		       asked->quiet == 1 ? "" : "s");
	if (asked->found)
		return STATUS_FINDING;
	if (!tally->found)
		return tell_none(asked->who, tally);
	return tally->refused ? STATUS_SELF : STATUS_OK;
}

static int leaks_main(int argc, char **argv)
{
	struct asked asked = { .min_age_ms = MIN_AGE_MS };
	struct ledgers_tally tally;
	int status = parse(&asked, argc, argv);

	if (status)
		return status;
	if (asked.suppress && !meant_read(asked.suppress, &asked.meant)) {
		meant_drop(&asked.meant);
		return STATUS_USAGE;
	}
	if (asked.json)
		asked.document = json_object_new_array();
	if (alone_is())
		say_error(
			"a static tfo reads no debug data: functions without lines, by "
			"the symbols of the files");
	ledgers_each(asked.who, look_at, &asked, &tally);
	status = conclude(&asked, &tally);
	meant_drop(&asked.meant);
	return say_done(status);
}

const struct verb leaks_verb = {
	.name = "leaks",
	.synopsis = "[PID|PROGRAM|FILE] [OPTION...]",
	.summary = "the sockets that nobody closed, and the lines that made them",
	.details =
		"Looks from outside, without stopping it, at a program under the shim: "
		"by pid, by\n"
		"name or path, or by the ledger that one left; without an argument at "
		"all of them.\n",
	.options = options,
	.operands = KIND_PID,
	.status = "Exit status: 0 nothing unclosed, 1 there is something, 2 bad usage, "
		  "125 it could\n"
		  "not be looked at.\n",
	.main = leaks_main,
};
