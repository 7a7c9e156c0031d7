/* SPDX-License-Identifier: MIT */
/* measured: all that can be measured at this moment; see measured.h. */
#include "cli/measured.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cookie.h"
#include "cli/counted.h"
#include "cli/interpreter.h"
#include "cli/known.h"
#include "cli/recall.h"
#include "cli/source.h"
#include "cli/unclosed.h"
#include "cli/utf8.h"
#include "core/files.h"
#include "core/match.h"
#include "core/memory_view.h"

#define SITES_MOST \
	4096 /* that are compared before the fifty with the most are known \
	      */

struct taking {
	struct measured *m;
	struct measured_site *site;
	unsigned int sites;
	int64_t min_age_ms;
};

/* --- programs --------------------------------------------------------------------- */

static void last_name(char ret[TRAFFIC_NAME], const char *path)
{
	const char *slash = strrchr(path, '/');
	struct text t = { ret, 0, TRAFFIC_NAME };

	text_str(&t, slash ? slash + 1 : path);
}

/*
 * Two hundred and some at most: looked through one by one, as they are shown: two that
 * look alike would be one series told twice.
 */
static struct measured_program *program_of(struct measured *m, const char *raw)
{
	struct measured_program *p = m->program;
	char name[TRAFFIC_NAME];

	utf8_clean(name, sizeof(name), *raw ? raw : "unknown");
	for (; p < m->program + m->programs; p++)
		if (!strcmp(p->name, name))
			return p;
	if (m->programs >= MEASURED_PROGRAMS && strcmp(name, MEASURED_OTHER))
		return program_of(m, MEASURED_OTHER);
	m->programs++;
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

static void add_counts(struct measured *m, const struct traffic_totals *t)
{
	struct measured_program *p = program_of(m, t->name);

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			p->n[o][r] += t->n[o][r];
}

static void add_running(const struct guest_view *g, const struct process *p, void *with)
{
	struct measured *m = with;

	(void)p;
	program_of(m, g->name)->running[g->aside]++;
}

static void add_traffic(struct measured *m)
{
	struct traffic_totals t;

	for (unsigned int row = 0; row < TRAFFIC_PROGRAMS; row++)
		if (traffic_program(m->traffic, row, &t))
			add_counts(m, &t);
	traffic_others(m->traffic, &t);
	snprintf(t.name, sizeof(t.name), MEASURED_OTHER);
	add_counts(m, &t);
	counted_running(m->traffic, add_running, m);
}

/* --- places ----------------------------------------------------------------------- */

static bool is_of_program(const struct leaked *k, uint64_t frame)
{
	struct ledger_image image;

	return ledger_view_module(k->l, ledger_view_frame_module(frame), &image) &&
	       !strcmp(image.path, k->program);
}

/*
 * The program's own line, not that of the library which it called; of an interpreter
 * the innermost one: its own are all the same.
 */
static uint64_t best_frame(const struct leaked *k, const struct ledger_place *born)
{
	if (!interpreter_of(k->program))
		for (unsigned int i = 0; i < born->depth; i++)
			if (is_of_program(k, born->frame[i]))
				return born->frame[i];
	return born->frame[0];
}

static void text_of(const struct leaked *k, uint64_t frame, char ret[MEASURED_SITE])
{
	const struct symbols_frame *f = symbols_of(&k->symbols, frame);
	const struct symbols_name *n = f && f->names ? f->name : NULL;
	unsigned long long offset = ledger_view_frame_offset(frame);
	struct ledger_image image;
	char file[PATH_MAX];
	const char *slash;

	if (!ledger_view_module(k->l, ledger_view_frame_module(frame), &image)) {
		snprintf(ret, MEASURED_SITE, "0x%llx", offset);
		return;
	}
	slash = strrchr(n && n->file ? n->file : image.path, '/');
	snprintf(file, sizeof(file), "%s",
		 slash		? slash + 1
		 : n && n->file ? n->file
				: image.path);
	if (n && n->function && n->line)
		snprintf(ret, MEASURED_SITE, "%.120s (%.50s:%u)", n->function, file,
			 n->line);
	else if (n && n->function)
		snprintf(ret, MEASURED_SITE, "%.120s (%.60s)", n->function, file);
	else
		snprintf(ret, MEASURED_SITE, "%.150s+0x%llx", file, offset);
}

static struct measured_site *site_of(struct taking *t, const char *program,
				     const char *raw)
{
	struct measured_site *s = t->site;
	char site[MEASURED_SITE];

	utf8_clean(site, sizeof(site), raw);
	for (; s < t->site + t->sites; s++)
		if (!strcmp(s->site, site) && !strcmp(s->program, program))
			return s;
	if (t->sites + 1 >= SITES_MOST && strcmp(site, MEASURED_OTHER))
		return site_of(t, MEASURED_OTHER, MEASURED_OTHER);
	t->sites++;
	snprintf(s->program, sizeof(s->program), "%s", program);
	snprintf(s->site, sizeof(s->site), "%s", site);
	s->n = 0;
	return s;
}

static void add_place(struct taking *t, const struct leaked *k, const char *program,
		      const struct place *p)
{
	unsigned int n = p->meant ? 0 : p->count - p->listening;
	char site[MEASURED_SITE] = "unknown";

	if (!n)
		return;
	if (p->born.depth)
		text_of(k, best_frame(k, &p->born), site);
	site_of(t, program, site)->n += n;
}

static void add_process(struct taking *t, const struct leaked *k)
{
	const struct places *places = &k->places;
	struct measured_program *p;
	char name[TRAFFIC_NAME];
	uint64_t full = 0;

	last_name(name, k->program);
	p = program_of(t->m, name);
	p->ledgers++;
	p->open += places->live;
	if (places->limit && places->limit < UINT32_MAX)
		full = places->descriptors * UINT64_C(10000) / places->limit;
	if (full > p->fullest)
		p->fullest = full < UINT32_MAX ? (uint32_t)full : UINT32_MAX;
	for (unsigned int i = 0; i < places->n; i++)
		add_place(t, k, p->name, &places->at[i]);
}

static void look_at(const struct ledgers_one *one, void *with)
{
	struct taking *t = with;
	const struct unclosed_asked how = {
		.min_age_ms = t->min_age_ms,
		.find = recall_find,
	};
	struct leaked k;

	if (!one->process || !one->path) /* the kernel closed what it left */
		return;
	if (unclosed_look(one, &how, &k))
		add_process(t, &k);
	unclosed_drop(&k);
}

static int by_number(const void *a, const void *b)
{
	const struct measured_site *x = a, *y = b;
	int more = (y->n > x->n) - (y->n < x->n);

	if (!more)
		more = strcmp(x->program, y->program);
	return more ? more : strcmp(x->site, y->site);
}

/* The rest is one more row. */
static void keep_sites(struct taking *t)
{
	struct measured *m = t->m;
	struct measured_site rest = { MEASURED_OTHER, MEASURED_OTHER, 0 };

	if (t->sites)
		qsort(t->site, t->sites, sizeof(*t->site), by_number);
	for (unsigned int i = 0; i < t->sites; i++)
		if (m->sites < MEASURED_SITES &&
		    strcmp(t->site[i].site, MEASURED_OTHER))
			m->site[m->sites++] = t->site[i];
		else
			rest.n += t->site[i].n;
	if (rest.n)
		m->site[m->sites++] = rest;
}

static void add_places(struct measured *m, int64_t min_age_ms)
{
	struct taking t = { .m = m, .min_age_ms = min_age_ms };
	struct ledgers_tally tally;

	t.site = calloc(SITES_MOST, sizeof(*t.site));
	if (!t.site)
		return;
	ledgers_each(NULL, look_at, &t, &tally);
	keep_sites(&t);
	free(t.site);
}

/* --- destinations ----------------------------------------------------------------- */

static void add_pause(struct measured *m, const struct addr *to,
		      const struct memory_view *v)
{
	struct measured_pause new = { *to, v->pause, v->strikes.count };
	unsigned int i = m->pauses;

	if (m->pauses < MEASURED_PAUSES) {
		m->pause[m->pauses++] = new;
		return;
	}
	while (i-- > 0) /* the worst stay */
		if (m->pause[i].strikes < new.strikes) {
			struct measured_pause out = m->pause[i];

			m->pause[i] = new;
			new = out;
		}
	m->more_pauses[new.why]++;
}

static void look_at_destination(struct measured *m, const struct match *match,
				const struct addr *to)
{
	struct memory_facts facts;
	bool is_known = memory_view_look(m->memory, to, 0, &facts);
	const char *name = is_known && *facts.name ? facts.name : NULL;
	const struct rule *rule = match ? match_find(match, SECTION_connect, to, name)
					: NULL;
	const struct memory_rule how = known_rule(rule);
	struct memory_view v;

	memory_ask(m->memory, to, 0, &how, &v);
	m->destinations++;
	if (v.pause == REASON_none || v.is_due)
		return;
	if (v.of_all)
		m->all_paused = true;
	else
		add_pause(m, to, &v);
}

/* As the policy in force here has it, for a program that it does not name. */
static void add_destinations(struct measured *m)
{
	struct match_self self = { .program = "", .uid = (uint32_t)geteuid() };
	struct policy policy = { 0 };
	const struct match *match;
	const char *path;
	bool must_exist;
	struct addr to;
	TEXT(user, 64);

	if (files_user_name(self.uid, &user))
		self.user_name = user.at;
	path = source_in_force(&must_exist);
	match = source_count(&policy, path, must_exist) ? NULL
							: match_build(&policy, &self);
	for (unsigned int row = 0; row < MEMORY_DESTINATIONS; row++)
		if (memory_view_row(m->memory, row, &to))
			look_at_destination(m, match, &to);
	policy_drop(&policy);
}

static void count_cookie(const struct cookie_held *c, void *with)
{
	struct measured *m = with;

	m->cookies += c->bytes > 0;
}

/* --- the whole -------------------------------------------------------------------- */

bool measured_take(struct measured *m, int64_t min_age_ms, unsigned int names_ms,
		   struct text *why)
{
	bool no_traffic = false, no_memory = false;

	memset(m, 0, sizeof(*m));
	m->traffic = counted_read(why, &no_traffic);
	if (!m->traffic && !no_traffic)
		return false;
	why->n = 0;
	m->memory = known_read(why, &no_memory);
	if (!m->memory && !no_memory)
		return false;
	recall_begin(names_ms);
	if (m->traffic)
		add_traffic(m);
	if (m->memory)
		add_destinations(m);
	add_places(m, min_age_ms);
	if (cookie_each(count_cookie, m))
		m->cookies = -1;
	netstat_read(&m->kernel);
	return true;
}

void measured_drop(struct measured *m)
{
	free(m->traffic);
	free(m->memory);
}
