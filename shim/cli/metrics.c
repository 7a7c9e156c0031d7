/* SPDX-License-Identifier: MIT */
/*
 * metrics: what was measured, for Prometheus: printed, written to a file, or served.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/exposition.h"
#include "cli/options.h"
#include "cli/recall.h"
#include "cli/served.h"
#include "cli/where.h"
#include "core/value.h"

#define NAMES_ONCE_MS 5000
#define NAMES_SERVED_MS 1000 /* a scrape is not to wait for long */

struct asked {
	const char *file, *listen;
	int64_t min_age_ms;
	unsigned int names_ms;
};

/* --- the text --------------------------------------------------------------------- */

/* malloc'ed; NULL: why says so. */
static char *make(const struct asked *asked, size_t *ret_n, struct text *why)
{
	struct measured *m = malloc(sizeof(*m));
	char *text = NULL;
	FILE *to = NULL;

	if (m && measured_take(m, asked->min_age_ms, asked->names_ms, why))
		to = open_memstream(&text, ret_n);
	if (to) {
		exposition_write(to, m);
		if (fclose(to)) {
			free(text);
			text = NULL;
		}
	}
	if (m)
		measured_drop(m);
	free(m);
	if (!text && !why->n)
		text_str(why, "there is no memory");
	return text;
}

/* --- into a file ------------------------------------------------------------------ */

static bool write_whole(int fd, const char *text, size_t n)
{
	size_t at = 0;
	ssize_t done;

	while (at < n) {
		done = write(fd, text + at, n - at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += (size_t)done;
	}
	return true;
}

/* The new file would take the place of a device, a pipe or a link, /dev/null say. */
static bool is_special(const char *file)
{
	struct stat st;

	return !lstat(file, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/*
 * Who reads it sees the one before, or all of it; what is not finished has a name that
 * node_exporter passes over.
 */
static int write_file(const char *file, const char *text, size_t n)
{
	char *beside;
	mode_t mask;
	bool good;
	int fd, err;

	if (is_special(file)) {
		say_error("metrics: '%s' cannot be written: it is no regular file, and "
			  "stays as it is",
			  file);
		return STATUS_SELF;
	}
	mask = umask(0);
	good = asprintf(&beside, "%s.XXXXXX", file) >= 0;
	fd = good ? mkostemp(beside, O_CLOEXEC) : -1;
	umask(mask);
	good = fd >= 0 && write_whole(fd, text, n) && !fchmod(fd, 0666 & ~mask) &&
	       !rename(beside, file);
	err = errno;
	if (fd >= 0) {
		close(fd);
		if (!good)
			unlink(beside);
	}
	free(beside);
	if (good)
		return STATUS_OK;
	say_error("metrics: '%s' cannot be written: %s", file, strerror(err));
	return STATUS_SELF;
}

static int print(const struct asked *asked)
{
	TEXT(why, PATH_MAX + 128);
	int status = STATUS_OK;
	size_t n;
	char *text = make(asked, &n, &why);

	if (!text) {
		say_error("metrics: nothing can be told: %s", why.at);
		return STATUS_SELF;
	}
	if (asked->file)
		status = write_file(asked->file, text, n);
	else
		fwrite(text, 1, n, stdout);
	free(text);
	return say_done(status);
}

/* --- over HTTP -------------------------------------------------------------------- */

static char *make_served(void *with, size_t *ret_n, const char **ret_why)
{
	static char sentence[PATH_MAX + 160];
	TEXT(why, PATH_MAX + 128);
	char *text = make(with, ret_n, &why);

	if (text)
		return text;
	snprintf(sentence, sizeof(sentence), "nothing can be told: %s", why.at);
	say_clean(sentence);
	*ret_why = sentence;
	return NULL;
}

static void ready(const struct addr *at)
{
	TEXT(place, 64);

	addr_print(&place, at);
	printf("http://%s/metrics\n", place.at);
	fflush(stdout); /* whoever reads it may wait for that line */
}

/* PORT, ADDRESS:PORT or NAME:PORT; port 0: any. */
static int find_place(const char *text, struct addr *ret)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);
	struct where where;
	int status;

	*ret = (struct addr){ .ip = { 127, 0, 0, 1 }, .version = 4 };
	if (*text >= '0' && *text <= '9' && !*end && port <= 65535) {
		ret->port = (uint16_t)port;
		return STATUS_OK;
	}
	if (!strchr(text, ':'))
		return say_usage("metrics",
				 "a place is PORT or ADDRESS:PORT, as in 9417");
	status = where_find("metrics", text, false, &where);
	if (!status && where.n)
		*ret = where.at[0];
	/* a name that nobody knows is no finding here */
	return status == STATUS_FINDING ? STATUS_SELF : status;
}

static int serve(struct asked *asked)
{
	const struct served what = {
		.path = "/metrics",
		.type = EXPOSITION_TYPE,
		.make = make_served,
		.with = asked,
	};
	TEXT(why, PATH_MAX + 128);
	struct addr at;
	int status = find_place(asked->listen, &at);
	size_t n;
	char *first;

	if (status)
		return status;
	asked->names_ms = NAMES_SERVED_MS;
	first = make(asked, &n, &why); /* what cannot be told now is said now */
	if (!first) {
		say_error("metrics: nothing can be served: %s", why.at);
		return STATUS_SELF;
	}
	free(first);
	status = served_run(&what, &at, ready);
	recall_drop();
	return say_done(status);
}

/* --- the verb --------------------------------------------------------------------- */

enum { LISTEN, WRITE, MIN_AGE };
static const struct option_row options[] = {
	[LISTEN] = { "listen", 0, "PORT", KIND_HOST,
		     "serve them at /metrics, until a signal ([ADDRESS:]PORT; "
		     "127.0.0.1)" },
	[WRITE] = { "write", 0, "FILE", KIND_FILE,
		    "write them to a file, whole or not at all" },
	[MIN_AGE] = { "min-age", 0, "T", NULL,
		      "sockets are unclosed when they are so old (1min; 0: all)" },
	{ 0 },
};

static int read_age(struct asked *asked, const char *text)
{
	const char *wrong = value_parse(VALUE_duration, text, strlen(text),
					&asked->min_age_ms);

	if (!wrong)
		return STATUS_OK;
	say_error("metrics: '%s' is no age: it must be %s", text, wrong);
	return STATUS_USAGE;
}

static int parse(struct asked *asked, int argc, char **argv)
{
	int option, status = STATUS_OK;

	while (!status &&
	       (option = options_next(&metrics_verb, argc, argv)) != OPTIONS_END)
		if (option == LISTEN)
			asked->listen = optarg;
		else if (option == WRITE)
			asked->file = optarg;
		else if (option == MIN_AGE)
			status = read_age(asked, optarg);
		else
			status = STATUS_USAGE;
	if (!status && optind < argc)
		status = say_usage("metrics", "it takes options only");
	if (!status && asked->listen && asked->file)
		status = say_usage("metrics", "--write and --listen are two ways: "
					      "choose one");
	return status;
}

static int metrics_main(int argc, char **argv)
{
	struct asked asked = { .min_age_ms = MINUTE_MS, .names_ms = NAMES_ONCE_MS };
	int status = parse(&asked, argc, argv);

	if (status)
		return status;
	return asked.listen ? serve(&asked) : print(&asked);
}

const struct verb metrics_verb = {
	.name = "metrics",
	.synopsis = "[OPTION...]",
	.summary = "what was measured, for Prometheus",
	.details = "Prints connections, times, pauses and sockets in the text format "
		   "of Prometheus.\n",
	.options = options,
	.status = "Exit status: 0 done, 2 bad usage, 125 the state cannot be read, or "
		  "the output\n"
		  "not be written or served.\n",
	.main = metrics_main,
};
