/* SPDX-License-Identifier: MIT */
/* summary: all that is known here; see summary.h. */
#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/cookie.h"
#include "cli/known.h"
#include "cli/source.h"
#include "cli/statefile.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/match.h"

#define FULL_S 3600 /* so long after a crowd some may run that have no row */
#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

uint64_t summary_outcome(const struct guest_view *g, enum outcome o)
{
	uint64_t all = 0;

	for (int r = 0; r < REASONS; r++)
		all += g->n[o][r];
	return all;
}

uint64_t summary_connections(const struct guest_view *g)
{
	uint64_t all = 0;

	for (int o = 0; o < OUTCOMES; o++)
		all += summary_outcome(g, (enum outcome)o);
	return all;
}

uint64_t summary_total(const struct summary *s, enum outcome o)
{
	uint64_t all = 0;

	for (int r = 0; r < REASONS; r++)
		all += s->all[o][r];
	return all;
}

uint64_t summary_total_of(const struct summary *s, enum reason r)
{
	uint64_t all = 0;

	for (int o = 0; o < OUTCOMES; o++)
		all += s->all[o][r];
	return all;
}

void summary_label(const struct summary_destination *d, struct text *ret)
{
	if (!*d->facts.name) {
		addr_print(ret, &d->at);
		return;
	}
	text_str(ret, d->facts.name);
	text_char(ret, ':');
	text_num(ret, d->at.port);
}

/* --- what is asked for ----------------------------------------------------------- */

static bool is_meant(const struct summary_destination *d, const char *only)
{
	TEXT(address, 64);
	TEXT(label, MEMORY_NAME + 8);

	if (!only)
		return true;
	addr_print(&address, &d->at);
	summary_label(d, &label);
	return strstr(address.at, only) || strstr(label.at, only);
}

/* --- destinations ---------------------------------------------------------------- */

struct reading {
	struct summary *s;
	const char *only;
	const struct match *match; /* NULL: the policy has errors, or says nothing */
	struct holds_tables tables;
	struct shift shift;
	double fast[MEMORY_DESTINATIONS * PACE_PAIRS];
	double plain[MEMORY_DESTINATIONS * PACE_PAIRS];
};

static void judge(const struct reading *r, struct summary_destination *d)
{
	const char *name = *d->facts.name ? d->facts.name : NULL;
	const struct rule *rule = r->match ? match_find(r->match, SECTION_connect,
							&d->at, name)
					   : NULL;
	const struct memory_rule m = known_rule(rule);

	memory_ask(r->s->memory, &d->at, 0, &m, &d->view);
	d->baseline = (uint32_t)rule_value(rule, KEY_baseline);
	if (d->view.of_all)
		r->s->side = d->view;
}

/* Its own difference, and its part in that of all. */
static void compare(struct reading *r, struct summary_destination *d)
{
	const struct pace_sets *sets = &d->facts.sets;
	struct summary_gain *g = &r->s->gain;
	struct shift own = { 0 };
	double *fast = r->fast + g->fast, *plain = r->plain + g->plain;

	for (unsigned int i = 0; i < sets->fast; i++)
		fast[i] = sets->fast_us[i];
	for (unsigned int i = 0; i < sets->plain; i++)
		plain[i] = sets->plain_us[i];
	shift_add(&own, fast, sets->fast, plain, sets->plain);
	d->is_compared = shift_find(&own, &d->shift);
	shift_drop(&own);
	if (!d->is_compared)
		return;
	shift_add(&r->shift, fast, sets->fast, plain, sets->plain);
	g->fast += sets->fast;
	g->plain += sets->plain;
	g->destinations++;
}

static bool read_destination(struct reading *r, unsigned int row)
{
	struct summary_destination *d = &r->s->destination[r->s->destinations];

	*d = (struct summary_destination){ .connections = 0 };
	if (!memory_view_row(r->s->memory, row, &d->at))
		return false;
	memory_view_look(r->s->memory, &d->at, 0, &d->facts);
	for (int o = 0; o < OUTCOMES; o++)
		d->connections += d->facts.outcome[o];
	if (!is_meant(d, r->only))
		return false;
	judge(r, d);
	compare(r, d);
	return true;
}

static int by_use(const void *a, const void *b)
{
	const struct summary_destination *x = a, *y = b;

	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	return (x->facts.seen_s < y->facts.seen_s) -
	       (x->facts.seen_s > y->facts.seen_s);
}

static void read_destinations(struct reading *r)
{
	struct summary *s = r->s;
	struct summary_gain *g = &s->gain;

	s->destination = calloc(MEMORY_DESTINATIONS, sizeof(*s->destination));
	for (unsigned int i = 0; s->destination && i < MEMORY_DESTINATIONS; i++)
		s->destinations += read_destination(r, i);
	g->is_off = s->destinations > 0;
	for (size_t i = 0; i < s->destinations; i++) {
		uint32_t one_in = s->destination[i].baseline;

		if (one_in && one_in < g->one_in)
			g->one_in = one_in;
		g->is_off = g->is_off && !one_in;
	}
	if (s->destination)
		qsort(s->destination, s->destinations, sizeof(*s->destination), by_use);
	g->is_compared = shift_find(&r->shift, &g->shift);
	g->fast_us = shift_median(r->fast, g->fast);
	g->plain_us = shift_median(r->plain, g->plain);
}

/* --- programs -------------------------------------------------------------------- */

static void read_program(const struct guest_view *g, const struct process *p,
			 void *with)
{
	struct reading *r = with;
	struct summary_program *one = &r->s->program[r->s->programs];

	if (r->s->programs == TRAFFIC_GUESTS ||
	    (r->only && !strstr(g->name, r->only) && !strstr(p->program, r->only)))
		return;
	*one = (struct summary_program){ .guest = *g, .process = *p };
	holds_read(p, &r->tables, &one->holds);
	process_setting(p, "TFOSHIM_POLICY", one->policy, sizeof(one->policy));
	r->s->programs++;
}

static int by_count(const void *a, const void *b)
{
	const struct summary_program *x = a, *y = b;
	uint64_t of_x = summary_connections(&x->guest),
		 of_y = summary_connections(&y->guest);

	if (of_x != of_y)
		return of_x < of_y ? 1 : -1;
	return (x->process.pid > y->process.pid) - (x->process.pid < y->process.pid);
}

static void read_programs(struct reading *r)
{
	struct summary *s = r->s;
	uint64_t full_s;

	s->program = calloc(TRAFFIC_GUESTS, sizeof(*s->program));
	if (!s->program)
		return;
	counted_running(s->traffic, read_program, r);
	full_s = LOAD(s->traffic->full_s);
	s->is_full = full_s && (uint64_t)time(NULL) < full_s + FULL_S;
	qsort(s->program, s->programs, sizeof(*s->program), by_count);
}

/* --- all of them ----------------------------------------------------------------- */

static void count_all(struct summary *s)
{
	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++) {
			s->all[o][r] = LOAD(s->traffic->all.n[o][r]);
			s->connections += s->all[o][r];
		}
}

static void take_cookie(const struct cookie_held *c, void *with)
{
	struct summary *s = with;
	bool is_known = false;

	s->cookies++;
	for (size_t i = 0; i < s->destinations; i++)
		if (addr_same_host(&s->destination[i].at, &c->to)) {
			s->destination[i].cookie = c->bytes;
			is_known = true;
		}
	s->strange_cookies += !is_known;
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), end = strlen(with);

	return n >= end && !strcmp(text + n - end, with);
}

/* false: it was refused, which has been told; one sentence is enough. */
static bool find_files(struct summary *s)
{
	TEXT(why, PATH_MAX + 128);
	TEXT(why_not, PATH_MAX + 128);
	bool no_traffic = false, no_memory = false;

	s->traffic = counted_read(&why, &no_traffic);
	if (!s->traffic && !no_traffic) {
		say_error("what was done is not known: %s", why.at);
		return false;
	}
	s->memory = known_read(&why_not, &no_memory);
	if (!s->memory && !no_memory)
		say_error("destinations are not known: %s", why_not.at);
	s->is_none = no_traffic && no_memory;
	if (s->is_none && ends(why.at, STATEFILE_OTHER))
		snprintf(s->other, sizeof(s->other), "%s", why.at);
	else if (s->is_none && ends(why_not.at, STATEFILE_OTHER))
		snprintf(s->other, sizeof(s->other), "%s", why_not.at);
	return s->memory || no_memory;
}

bool summary_read(struct summary *s, const char *only)
{
	struct match_self self = { .program = "", .uid = (uint32_t)geteuid() };
	struct reading *r = calloc(1, sizeof(*r));
	struct policy policy = { 0 };
	bool must_exist, is_good;
	TEXT(user, 64);

	*s = (struct summary){ .is_none = false };
	if (!r)
		return false;
	r->s = s;
	r->only = only;
	s->gain.one_in = PACE_WARM;
	is_good = find_files(s);
	if (files_user_name(self.uid, &user))
		self.user_name = user.at;
	s->policy = source_in_force(&must_exist);
	s->policy_errors = source_count(&policy, s->policy, must_exist);
	r->match = s->policy_errors ? NULL : match_build(&policy, &self);
	if (s->memory)
		read_destinations(r);
	s->gain.missing = shift_missing(&r->shift);
	if (s->traffic)
		count_all(s);
	if (s->traffic)
		read_programs(r);
	s->has_cookies = !cookie_each(take_cookie, s);
	netstat_read(&s->kernel);
	policy_drop(&policy);
	holds_drop(&r->tables);
	shift_drop(&r->shift);
	free(r);
	return is_good;
}

void summary_drop(struct summary *s)
{
	free(s->traffic);
	free(s->memory);
	free(s->destination);
	free(s->program);
	*s = (struct summary){ .is_none = false };
}
