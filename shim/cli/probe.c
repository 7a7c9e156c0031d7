/* SPDX-License-Identifier: MIT */
/*
 * probe: measures whether Fast Open works on the way to a server, and what it gains:
 * real connections, plain and with Fast Open by turns. It sends nothing that could be
 * unsafe to repeat, few connections, and no more than it takes.
 */
#include "cli/cli.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/known.h"
#include "cli/lesson.h"
#include "cli/machine.h"
#include "cli/netstat.h"
#include "cli/options.h"
#include "cli/paint.h"
#include "cli/patience.h"
#include "cli/probed.h"
#include "cli/probed_json.h"
#include "cli/where.h"
#include "core/clock.h"

#define ADDRESSES 4 /* of a name: two of each kind, where there are */
#define OF_A_KIND 2

struct asked {
	const char *place;
	unsigned long pairs, seconds;
	enum request_kind request;
	bool is_chosen, remember, json;
};

/* --- what was asked -------------------------------------------------------------- */

enum { PAIRS, TLS, HTTP, REMEMBER, TIMEOUT, JSON };
static const struct option_row options[] = {
	[PAIRS] = { "pairs", 'n', "N", NULL,
		    "so many pairs of connections, 10 if not given" },
	[TLS] = { "tls", 0, NULL, NULL, "send a TLS ClientHello; usual at 443, 8443" },
	[HTTP] = { "http", 0, NULL, NULL, "send HEAD / HTTP/1.1; usual at 80, 8080" },
	[REMEMBER] = { "remember", 0, NULL, NULL,
		       "tell the memory of destinations what was seen" },
	[TIMEOUT] = { "timeout", 0, "S", NULL,
		      "take S seconds at most, 60 if not given" },
	[JSON] = { "json", 0, NULL, NULL, "as JSON" },
	{ 0 },
};

static bool read_number(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > most)
		return false;
	*ret = n;
	return true;
}

static int choose(struct asked *asked, enum request_kind request)
{
	if (asked->is_chosen && asked->request != request)
		return say_usage("probe", "it sends one thing, --tls or --http");
	asked->is_chosen = true;
	asked->request = request;
	return STATUS_OK;
}

static int take_option(struct asked *asked, int option)
{
	switch (option) {
	case PAIRS:
		if (read_number(optarg, PROBING_PAIRS, &asked->pairs))
			return STATUS_OK;
		return say_usage("probe", "-n takes a number from 1 to 100");
	case TIMEOUT:
		if (read_number(optarg, 3600, &asked->seconds))
			return STATUS_OK;
		return say_usage("probe", "--timeout takes 1 to 3600 seconds");
	case TLS:
		return choose(asked, REQUEST_TLS);
	case HTTP:
		return choose(asked, REQUEST_HTTP);
	case REMEMBER:
		asked->remember = true;
		return STATUS_OK;
	case JSON:
		asked->json = true;
		return STATUS_OK;
	}
	return STATUS_USAGE; /* OPTIONS_BAD, and it has been said */
}

static int parse(struct asked *asked, int argc, char **argv)
{
	int option, status;

	*asked = (struct asked){ .pairs = 10, .seconds = 60 };
	while ((option = options_next(&probe_verb, argc, argv)) != OPTIONS_END) {
		status = take_option(asked, option);
		if (status)
			return status;
	}
	if (optind + 1 != argc)
		return say_usage("probe", "it takes one ADDRESS:PORT");
	asked->place = argv[optind];
	return STATUS_OK;
}

/* --- the addresses --------------------------------------------------------------- */

static bool is_there(const struct probed *all, const struct addr *at)
{
	for (unsigned int i = 0; i < all->n; i++)
		if (addr_same_host(&all->at[i]->p.at, at))
			return true;
	return false;
}

static unsigned int of_kind(const struct probed *all, unsigned int version)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < all->n; i++)
		n += all->at[i]->p.at.version == version;
	return n;
}

/* false: no memory. Each address once; a name with many is not run through. */
static bool add_address(struct probed *all, const struct addr *at)
{
	struct probed_one *o;

	if (is_there(all, at))
		return true;
	if (of_kind(all, at->version) >= OF_A_KIND) {
		all->skipped++;
		return true;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return false;
	o->p.at = *at;
	o->p.request = all->request;
	o->p.pairs = all->pairs;
	o->p.is_off = all->kernel.bits >= 0 && !(all->kernel.bits & MACHINE_CLIENT);
	all->at[all->n++] = o;
	return true;
}

/* --- probing --------------------------------------------------------------------- */

/* On a terminal, and it is gone when the answer comes. */
static void show_progress(const struct probing *p)
{
	unsigned int done = p->fasts < p->plains ? p->fasts : p->plains;
	TEXT(at, 80);

	addr_print(&at, &p->at);
	fprintf(stderr, "\r\033[K%s: pair %u of %u", at.at, done + 1, p->pairs);
}

struct noting {
	struct memory *memory; /* NULL: it is not asked for */
	bool is_remembered;
};

static void note(const struct probing *p, const struct attempt *a, void *with)
{
	struct noting *noting = with;

	if (!noting->memory)
		return;
	lesson_teach(noting->memory, &p->at, a);
	noting->is_remembered = true;
}

/* Each address has its share of the time that is left. */
static void probe_all(struct probed *all, struct memory *memory, unsigned long seconds)
{
	uint64_t until = clock_now_us() + (uint64_t)seconds * 1000000;
	bool is_watched = isatty(STDERR_FILENO) && !paint_is_dumb();
	struct request request = { .kind = all->request, .host = all->host };
	unsigned int i;

	for (i = 0; i < all->n && !patience_is_over(); i++) {
		struct noting noting = { .memory = memory };
		const struct probing_watch watch = {
			.before = is_watched ? show_progress : NULL,
			.after = note,
			.with = &noting,
		};
		uint64_t now = clock_now_us(), left = until > now ? until - now : 0;
		struct probed_one *o = all->at[i];

		probing_run(&o->p, &request, now + left / (all->n - i), &watch);
		passage_find(&o->p, all->kernel.pause_s, &o->found);
		o->is_remembered = noting.is_remembered;
	}
	for (; i < all->n; i++) {
		all->at[i]->p.is_stopped = true;
		passage_find(&all->at[i]->p, all->kernel.pause_s, &all->at[i]->found);
	}
	if (is_watched)
		fputs("\r\033[K", stderr);
}

/* --- the verb -------------------------------------------------------------------- */

/*
 * Good is what works wherever there is a way: a name may have addresses that this
 * machine has no route to.
 */
static int status_of(const struct probed *all)
{
	unsigned int good = 0, bad = 0;

	for (unsigned int i = 0; i < all->n; i++) {
		const struct passage_found *f = &all->at[i]->found;

		good += passage_is_good(f);
		bad += !passage_is_good(f) && probing_has_route(&all->at[i]->p);
	}
	return good && !bad && !all->no_memory ? STATUS_OK : STATUS_FINDING;
}

static int show(const struct probed *all, bool json)
{
	setlocale(LC_CTYPE, ""); /* for what the drawing is made of */
	if (json)
		json_show(probed_json(all));
	else
		probed_show(all);
	return say_done(status_of(all));
}

static void look_at_kernel(struct probed *all)
{
	struct netstat now;

	netstat_read(&now);
	all->kernel.bits = now.fastopen;
	all->kernel.pause_s = now.blackhole_s;
	all->holes = -1;
	if (now.is_known[NETSTAT_BLACKHOLE])
		all->holes = (long)now.n[NETSTAT_BLACKHOLE];
}

/* ... that the kernel found meanwhile. */
static void count_holes(struct probed *all)
{
	struct netstat now;

	netstat_read(&now);
	if (all->holes >= 0 && now.is_known[NETSTAT_BLACKHOLE])
		all->holes = (long)now.n[NETSTAT_BLACKHOLE] - all->holes;
}

/* What is to be sent can be made? Told before anything is. */
static int try_request(const struct probed *all)
{
	struct request request = { .kind = all->request, .host = all->host };
	const char *wrong = request_make(&request, &all->at[0]->p.at);

	if (!wrong)
		return STATUS_OK;
	say_error("probe: nothing was sent: %s", wrong);
	return STATUS_SELF;
}

static int probe(const struct asked *asked, struct probed *all)
{
	TEXT(why, 512);
	struct memory *memory = asked->remember ? known_make(&why) : NULL;
	int status = try_request(all);

	if (status)
		return status;
	if (asked->remember && !memory) {
		all->no_memory = why.at;
		say_error("probe: nothing will be remembered: %s", why.at);
	}
	patience_begin();
	probe_all(all, memory, asked->seconds);
	count_holes(all);
	return show(all, asked->json);
}

static void drop(struct probed *all)
{
	for (unsigned int i = 0; all && i < all->n; i++)
		free(all->at[i]);
	free(all);
}

/* NULL: no memory. */
static struct probed *prepare(const struct asked *asked, const struct where *where)
{
	struct probed *all = calloc(1, sizeof(*all) + ADDRESSES * sizeof(*all->at));
	bool good = all;

	if (!all)
		return NULL;
	all->place = asked->place;
	all->host = where->host;
	all->pairs = (unsigned int)asked->pairs;
	all->request = asked->is_chosen ? asked->request
					: request_usual(where->at[0].port);
	look_at_kernel(all);
	for (unsigned int i = 0; good && i < where->n; i++)
		good = add_address(all, &where->at[i]);
	if (good)
		return all;
	drop(all);
	return NULL;
}

static int probe_main(int argc, char **argv)
{
	struct asked asked;
	struct probed *all;
	struct where where;
	int status = parse(&asked, argc, argv);

	if (!status)
		status = where_find("probe", asked.place, false, &where);
	if (status)
		return status;
	all = prepare(&asked, &where);
	if (!all) {
		say_error("out of memory");
		return STATUS_SELF;
	}
	status = STATUS_FINDING;
	if (all->n)
		status = probe(&asked, all);
	else
		say_error("%s: it has no IPv4 or IPv6 address", asked.place);
	drop(all);
	return status;
}

const struct verb probe_verb = {
	.name = "probe",
	.synopsis = "ADDRESS:PORT [OPTION...]",
	.summary = "measure whether Fast Open works there, and what it gains",
	.details =
		"ADDRESS may be a host name: each of its addresses is asked, two of "
		"IPv4 and\n"
		"two of IPv6 at most. One connection asks for a cookie, then come "
		"pairs of a\n"
		"plain one and one with Fast Open. What is sent may be repeated "
		"without harm;\n"
		"without --tls or --http nothing is, but at the ports that are known "
		"for them.\n",
	.options = options,
	.status = "Exit status: 0 Fast Open works there, 1 it does not, or is slower, "
		  "or there is\n"
		  "no connection; 2 bad usage, 125 tfo itself failed.\n",
	.operands = KIND_HOST,
	.main = probe_main,
};
