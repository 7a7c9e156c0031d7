/* SPDX-License-Identifier: MIT */
/* summary_text: all that is known here, for people, in 80 columns; see summary.h. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/figures.h"
#include "cli/spell.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "core/clock.h"

/* --- is it worth it? ------------------------------------------------------------- */

static void show_unsure(const struct summary_gain *g, const char *so_far)
{
	char text[512];

	if (!g->missing)
		return;
	if (g->is_off)
		snprintf(text, sizeof(text),
			 "Nothing is compared: 'baseline = off' in the policy has no "
			 "connection go without Fast Open.");
	else
		snprintf(text, sizeof(text),
			 "Not known yet whether it is worth it here: %u more "
			 "connection%s that go%s without Fast Open %s needed to "
			 "compare with, and chance sends one in %u.%s",
			 g->missing, spell_s(g->missing), g->missing == 1 ? "es" : "",
			 g->missing == 1 ? "is" : "are", g->one_in, so_far);
	figures_sentence(text);
}

static void show_verdict(const struct summary_gain *g)
{
	const struct shift_found *f = &g->shift;
	char by[FIGURES], low[FIGURES], high[FIGURES], text[512];

	figures_shift(f->by, by);
	if (f->low < 0 && f->high > 0)
		snprintf(text, sizeof(text),
			 "No difference can be told here: first bytes come between "
			 "%s sooner and %s later with Fast Open (95 %% sure).",
			 figures_time(f->low, low), figures_time(f->high, high));
	else
		snprintf(text, sizeof(text),
			 "%s here: first bytes come %s with Fast Open (95 %% sure: "
			 "%s to %s).",
			 f->high <= 0 ? "Worth it" : "Not worth it", by,
			 figures_time(f->high <= 0 ? f->high : f->low, low),
			 figures_time(f->high <= 0 ? f->low : f->high, high));
	fputs(paint(f->high <= 0  ? PAINT_GOOD
		    : f->low >= 0 ? PAINT_BAD
				  : PAINT_WARN),
	      stdout);
	figures_sentence(text);
	fputs(paint(PAINT_NONE), stdout);
}

static void show_gain(const struct summary *s)
{
	const struct summary_gain *g = &s->gain;
	char fast[FIGURES], plain[FIGURES], by[FIGURES], text[256] = "";

	if (g->is_compared && !g->shift.is_sure)
		snprintf(text, sizeof(text), " So far: %s.",
			 figures_shift(g->shift.by, by));
	if (!g->is_compared || !g->shift.is_sure) {
		show_unsure(g, text);
		return;
	}
	show_verdict(g);
	snprintf(text, sizeof(text),
		 "Half of them within %s with it and %s without; %u and %u connections "
		 "compared, to %u destination%s.",
		 figures_time(g->fast_us, fast), figures_time(g->plain_us, plain),
		 g->fast, g->plain, g->destinations, spell_s(g->destinations));
	figures_sentence(text);
}

/* --- what was done --------------------------------------------------------------- */

static void show_totals(const struct summary *s)
{
	struct figures_list outcomes = { .head = "outcomes" };
	struct figures_list reasons = { .head = "reasons" };
	uint64_t rode = summary_total(s, OUTCOME_data_acked);
	uint64_t saved = atomic_load(&s->traffic->saved_us);
	char time[FIGURES];

	figures_head("connections");
	printf("  %-9s %llu, in %llu of which data rode in the SYN\n", "all",
	       (unsigned long long)s->connections, (unsigned long long)rode);
	printf("  %-9s %llu round trip%s, %s\n", "saved", (unsigned long long)rode,
	       spell_s(rode), figures_seconds(saved, time));
	for (int o = 0; o < OUTCOMES; o++)
		figures_add(&outcomes, outcome_word((enum outcome)o),
			    summary_total(s, (enum outcome)o));
	figures_end(&outcomes);
	for (int r = REASON_none + 1; r < REASONS; r++)
		figures_add(&reasons, outcome_reason((enum reason)r),
			    summary_total_of(s, (enum reason)r));
	figures_end(&reasons);
}

/* --- destinations ---------------------------------------------------------------- */

static const struct table_column destination_columns[] = {
	{ .title = "destination", .may_shrink = true },
	{ .title = "conns", .right = true },
	{ .title = "rode", .right = true },
	{ .title = "unacked", .right = true },
	{ .title = "lost", .right = true },
	{ .title = "cookie" },
	{ .title = "rtt", .right = true },
	{ .title = "saved", .right = true },
	{ 0 },
};

static void add_destination(struct table *t, const struct summary *s,
			    const struct summary_destination *d)
{
	const uint32_t *n = d->facts.outcome;
	uint32_t lost = n[OUTCOME_syn_retransmitted];
	char rtt[FIGURES], saved[FIGURES];
	TEXT(label, MEMORY_NAME + 64);

	summary_label(d, &label);
	table_cell(t, d->view.pause ? PAINT_WARN : PAINT_NONE, "%s", label.at);
	table_cell(t, PAINT_NONE, "%llu", (unsigned long long)d->connections);
	table_cell(t, PAINT_NONE, "%u", n[OUTCOME_data_acked]);
	table_cell(t, PAINT_NONE, "%u", n[OUTCOME_not_acked]);
	table_cell(t, lost ? PAINT_WARN : PAINT_NONE, "%u", lost);
	table_cell(t, PAINT_NONE, "%s",
		   !s->has_cookies ? "?"
		   : d->cookie	   ? "yes"
				   : "no");
	table_cell(t, PAINT_NONE, "%s",
		   d->facts.rtt_us ? figures_time(d->facts.rtt_us, rtt) : "-");
	table_cell(t, PAINT_NONE, "%s",
		   d->facts.saved_us ? figures_seconds(d->facts.saved_us, saved) : "-");
}

static const struct table_column compared_columns[] = {
	{ .title = "to the first byte", .may_shrink = true },
	{ .title = "with", .right = true },
	{ .title = "without", .right = true },
	{ .title = "difference", .right = true },
	{ .title = "95 % sure", .right = true },
	{ 0 },
};

/* "19.8 to 20.6 ms" as a table has it: with signs, in ms. */
static void add_compared(struct table *t, const struct summary_destination *d)
{
	double fast[PACE_PAIRS], plain[PACE_PAIRS];
	char a[FIGURES], b[FIGURES];
	const struct pace_sets *sets = &d->facts.sets;
	TEXT(label, MEMORY_NAME + 64);

	for (unsigned int i = 0; i < sets->fast; i++)
		fast[i] = sets->fast_us[i];
	for (unsigned int i = 0; i < sets->plain; i++)
		plain[i] = sets->plain_us[i];
	summary_label(d, &label);
	table_cell(t, PAINT_NONE, "%s", label.at);
	table_cell(t, PAINT_NONE, "%s",
		   figures_time(shift_median(fast, sets->fast), a));
	table_cell(t, PAINT_NONE, "%s",
		   figures_time(shift_median(plain, sets->plain), b));
	table_cell(t,
		   !d->shift.is_sure	? PAINT_NONE
		   : d->shift.high <= 0 ? PAINT_GOOD
		   : d->shift.low >= 0	? PAINT_BAD
					: PAINT_NONE,
		   "%+.2f ms", d->shift.by / 1000);
	if (d->shift.is_sure)
		table_cell(t, PAINT_NONE, "%+.2f to %+.2f", d->shift.low / 1000,
			   d->shift.high / 1000);
	table_end_row(t);
}

static void show_pause(const struct memory_view *v, const char *label)
{
	uint64_t now = clock_today_cs();

	if (v->pause == REASON_none)
		return;
	printf("  %spaused%s %s", paint(PAINT_WARN), paint(PAINT_NONE), label);
	if (v->is_due || v->until_cs <= now) {
		fputs(": it is over, the next connection is a trial", stdout);
	} else {
		fputs(" for another ", stdout);
		spell_age((v->until_cs - now) / 10);
	}
	printf("; %s\n", v->pause == REASON_slower ? "measured: Fast Open was slower"
						   : "too many SYNs were lost");
}

static void show_pauses(const struct summary *s)
{
	if (s->side.of_all)
		show_pause(&s->side, "all destinations");
	for (size_t i = 0; i < s->destinations; i++) {
		const struct summary_destination *d = &s->destination[i];
		TEXT(label, MEMORY_NAME + 64);

		summary_label(d, &label);
		table_clean(label.at);
		if (!d->view.of_all)
			show_pause(&d->view, label.at);
	}
}

static void show_destinations(const struct summary *s, bool is_whole)
{
	size_t shown = is_whole || s->destinations < FIGURES_FEW + 2 ? s->destinations
								     : FIGURES_FEW;
	struct table *t;
	size_t n = 0;

	if (!s->destinations)
		return;
	putchar('\n');
	t = table_begin(destination_columns);
	for (size_t i = 0; i < shown; i++)
		add_destination(t, s, &s->destination[i]);
	table_show(t);
	table_drop(t);
	figures_rest(s->destinations, shown);
	show_pauses(s);
	t = table_begin(compared_columns);
	for (size_t i = 0; i < shown; i++)
		if (s->destination[i].is_compared && ++n)
			add_compared(t, &s->destination[i]);
	if (n) {
		putchar('\n');
		table_show(t);
	}
	table_drop(t);
}

/* --- all of it ------------------------------------------------------------------- */

void summary_show(const struct summary *s, bool is_whole)
{
	show_gain(s);
	if (s->traffic)
		show_totals(s);
	show_destinations(s, is_whole);
	summary_show_programs(s, is_whole);
	summary_show_kernel(s);
}
