/* SPDX-License-Identifier: MIT */
/*
 * watch: one line for each connection, as it ends. It reads what programs leave in
 * passing; they never wait for it.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/feed.h"
#include "cli/options.h"
#include "cli/seen.h"
#include "cli/wanted.h"
#include "core/clock.h"

#define LOOK_MS 50 /* between two looks; see tfo-watch(1) for what that costs */
#define HURRY_MS 5 /* ... while there is much to see */
#define HURRY 200  /* events of one look: the ring holds some nine hundred */
#define KEEP_US 1000000
#define SECOND_MS 1000

struct watched {
	struct wanted wanted;
	bool json;
	uint64_t most, shown; /* most: 0, no end */
	struct table *table;
	struct feed feed;
};

/* --- its end --------------------------------------------------------------------- */

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

/* Whoever owns the file cut it off under us. */
static void cut_off(int number)
{
	static const char said[] = "tfo: the file of connections was cut off while it "
				   "was watched\n";

	(void)number;
	(void)!write(STDERR_FILENO, said, sizeof(said) - 1);
	_exit(STATUS_SELF);
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction catch = { .sa_handler = end };
	const struct sigaction cut = { .sa_handler = cut_off };
	struct sigaction was;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &was) && was.sa_handler != SIG_IGN)
			sigaction(ends[i], &catch, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGBUS, &cut, NULL);
}

/* false: nobody reads any more, or a signal came. */
static bool wait_ms(int ms)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return (poll(&out, 1, ms) <= 0 || !out.revents) && !is_over;
}

/* --- lines ----------------------------------------------------------------------- */

static void show_missed(struct watched *w)
{
	uint64_t n = feed_missed(&w->feed);

	if (!n)
		return;
	if (w->json)
		seen_json_missed(n);
	else
		printf("... %llu connection%s not shown: too slow\n",
		       (unsigned long long)n, n == 1 ? "" : "s");
}

static void show(struct watched *w, const struct traffic_event *e)
{
	show_missed(w);
	if (!wanted_has(&w->wanted, e))
		return;
	w->shown++;
	if (w->json) {
		seen_json(e);
		return;
	}
	seen_row(w->table, e);
	table_show(w->table);
}

static bool is_enough(const struct watched *w)
{
	return w->most && w->shown >= w->most;
}

/* What has ended since the last look; how many. */
static unsigned int look(struct watched *w)
{
	struct traffic_event e;
	unsigned int n = 0;

	for (; !is_over && !is_enough(w) && feed_next(&w->feed, &e); n++)
		show(w, &e);
	if (!is_enough(w))
		show_missed(w);
	fflush(stdout);
	return n;
}

/* --- the file -------------------------------------------------------------------- */

static int open_feed(struct watched *w, bool *is_new)
{
	TEXT(why, PATH_MAX + 128);
	int err = feed_open(&w->feed, &why, is_new);

	if (err && err != -ENOENT)
		say_error("nothing can be watched: %s", why.at);
	return err;
}

/* The first program may come any time, and make what is missing. */
static bool begin(struct watched *w, int *status)
{
	bool is_new = false, was_said = false;
	int err;

	do {
		err = open_feed(w, &is_new);
		if (is_new && (!err || err == -ENOENT) && !was_said) {
			say_error("no program has run under libtfoshim.so here yet; "
				  "waiting for one");
			was_said = true;
		}
	} while (err == -ENOENT && wait_ms(SECOND_MS));
	*status = err && err != -ENOENT ? STATUS_SELF : STATUS_OK;
	return !err;
}

/* Programs that start now write there, not where we look. */
static bool follow(struct watched *w)
{
	struct feed was = w->feed;
	bool is_new;

	feed_keep(&w->feed);
	if (!feed_is_stale(&w->feed))
		return true;
	if (open_feed(w, &is_new))
		return false;
	feed_drop(&was);
	say_error("the state directory was made anew; watching that");
	return true;
}

/* --- the verb -------------------------------------------------------------------- */

static void watch(struct watched *w, int *status)
{
	uint64_t kept = clock_now_us();
	unsigned int n;

	do {
		if (clock_now_us() - kept >= KEEP_US) {
			kept = clock_now_us();
			if (!follow(w))
				*status = STATUS_SELF;
		}
		n = look(w);
	} while (!*status && !ferror(stdout) && !is_enough(w) &&
		 wait_ms(n >= HURRY ? HURRY_MS : LOOK_MS));
}

/* A reader that has gone has seen what it wanted. */
static int conclude(int status)
{
	return ferror(stdout) && !wait_ms(0) ? status : say_done(status);
}

static int show_all(struct watched *w)
{
	int status;

	catch_signals();
	if (!begin(w, &status))
		return status;
	w->table = table_begin(seen_columns);
	if (!w->json)
		table_show(w->table); /* the titles: from here on nothing is missed */
	watch(w, &status);
	table_drop(w->table);
	feed_drop(&w->feed);
	return conclude(status);
}

enum { PROGRAM, DEST, OUTCOME, REASON, COUNT, JSON };
static const struct option_row options[] = {
	[PROGRAM] = { "program", 'p', "NAME", KIND_PROGRAM, "only of that program" },
	[DEST] = { "dest", 'd', "DEST", KIND_HOST,
		   "only to there: address, network, name, port" },
	[OUTCOME] = { "outcome", 0, "WORDS", wanted_outcomes,
		      "only with one of these outcomes" },
	[REASON] = { "reason", 0, "WORDS", wanted_reasons,
		     "only with one of these reasons" },
	[COUNT] = { "count", 'n', "COUNT", NULL, "end after so many connections" },
	[JSON] = { "json", 0, NULL, NULL, "an object for each line, as JSON" },
	{ 0 },
};

static int read_count(struct watched *w, const char *text)
{
	char *end;

	errno = 0;
	w->most = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && w->most)
		return STATUS_OK;
	say_error("watch: '%s' is no count: it must be a number from 1", text);
	return STATUS_USAGE;
}

static int set(struct watched *w, int option)
{
	switch (option) {
	case PROGRAM:
		return wanted_program(&w->wanted, "watch", optarg);
	case DEST:
		return wanted_place(&w->wanted, "watch", optarg);
	case OUTCOME:
		return wanted_outcome(&w->wanted, "watch", optarg);
	case REASON:
		return wanted_reason(&w->wanted, "watch", optarg);
	case COUNT:
		return read_count(w, optarg);
	case JSON:
		w->json = true;
		return STATUS_OK;
	}
	return STATUS_USAGE;
}

static int watch_main(int argc, char **argv)
{
	struct watched w = { .json = false };
	int option, status = STATUS_OK;

	while (!status &&
	       (option = options_next(&watch_verb, argc, argv)) != OPTIONS_END)
		status = set(&w, option);
	if (!status && optind < argc)
		status = say_usage("watch", "it takes options only");
	if (!status)
		status = show_all(&w);
	wanted_drop(&w.wanted);
	return status;
}

const struct verb watch_verb = {
	.name = "watch",
	.synopsis = "[OPTION...]",
	.summary = "one line for each connection, as it ends",
	.details =
		"Of all programs under the shim that share this state directory, from "
		"now on, until\n"
		"it is interrupted. A filter that is given twice means either of both; "
		"several\n"
		"kinds mean all of them.\n",
	.options = options,
	.status = "Exit status: 0 it was ended, or nobody reads any more, 2 bad usage, "
		  "125 there is\n"
		  "nothing that could be watched.\n",
	.main = watch_main,
};
