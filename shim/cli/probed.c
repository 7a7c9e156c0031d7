/* SPDX-License-Identifier: MIT */
/* probed: what tfo probe found out, as text; see probed.h. */
#include "cli/probed.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/paint.h"
#include "cli/plot.h"
#include "cli/spell.h"
#include "cli/table.h"

#define NO_TERMINAL 80 /* columns of a drawing that goes into a file */

static const char *sent(enum request_kind kind)
{
	switch (kind) {
	case REQUEST_NONE:
		break;
	case REQUEST_HTTP:
		return "a HEAD request";
	case REQUEST_TLS:
		return "a TLS ClientHello";
	}
	return "nothing";
}

/* --- the times ------------------------------------------------------------------- */

static void time_cell(struct table *t, uint32_t us)
{
	TEXT(ms, 32);

	if (us)
		spell_ms(&ms, us);
	table_cell(t, PAINT_NONE, "%s", us ? ms.at : "-");
}

static void difference_cells(struct table *t, const struct passage_found *f)
{
	enum paint p = f->gain == GAIN_FASTER	? PAINT_GOOD
		       : f->gain == GAIN_SLOWER ? PAINT_BAD
						: PAINT_NONE;
	TEXT(by, 32);
	TEXT(range, 96);

	if (!f->is_compared)
		return;
	spell_ms(&by, f->by.by);
	table_cell(t, p, "%s%s", f->by.by > 0 ? "+" : "", by.at);
	if (!f->by.is_sure)
		return;
	spell_ms(&range, f->by.low);
	text_str(&range, " to ");
	spell_ms(&range, f->by.high);
	table_cell(t, PAINT_NONE, "%s", range.at);
}

static void show_times(const struct probed_one *o)
{
	static const struct table_column columns[] = {
		{ .title = "median" },
		{ .title = "plain", .right = true },
		{ .title = "Fast Open", .right = true },
		{ .title = "difference", .right = true },
		{ .title = "95 %", .right = true },
		{ 0 },
	};
	const struct probing *p = &o->p;
	struct table *t = table_begin(columns);

	table_cell(t, PAINT_NONE, "handshake");
	time_cell(t, probing_handshake_us(p->plain, p->plains));
	time_cell(t, probing_handshake_us(p->fast, p->fasts));
	table_end_row(t);
	if (probing_first_byte_us(p->plain, p->plains) ||
	    probing_first_byte_us(p->fast, p->fasts)) {
		table_cell(t, PAINT_NONE, "first byte");
		time_cell(t, probing_first_byte_us(p->plain, p->plains));
		time_cell(t, probing_first_byte_us(p->fast, p->fasts));
		difference_cells(t, &o->found);
		table_end_row(t);
	}
	table_show(t);
	table_drop(t);
}

static void show_plot(const struct probing *p)
{
	double plain[PROBING_PAIRS], fast[PROBING_PAIRS];
	const struct plot_row rows[] = {
		{ "plain", plain, probing_first_bytes(p->plain, p->plains, plain) },
		{ "Fast Open", fast, probing_first_bytes(p->fast, p->fasts, fast) },
	};
	unsigned int width = paint_width();

	if (!rows[0].n || !rows[1].n)
		return;
	putchar('\n');
	plot_show(stdout, rows, 2, width ? width : NO_TERMINAL, plot_has_blocks());
}

/* --- the rest -------------------------------------------------------------------- */

static void show_cookie(const struct probing *p)
{
	if (p->kernel)
		printf("  cookie   the kernel does not tell here\n");
	else if (!p->after.bytes)
		printf("  cookie   none\n");
	else
		printf("  cookie   %u bytes, %s\n", p->after.bytes,
		       p->renewed	 ? "replaced meanwhile"
		       : p->before.bytes ? "known before"
					 : "new");
}

static void show_classes(const char *name, const unsigned int class[CLASSES])
{
	const char *comma = name;

	for (int c = 0; c < CLASSES; c++)
		if (class[c]) {
			printf("%s%s %u", comma,
			       passage_class_word((enum passage_class)c), class[c]);
			comma = ", ";
		}
	if (comma != name)
		putchar('\n');
}

static enum paint paint_of(const struct passage_found *f)
{
	if (passage_is_good(f))
		return PAINT_GOOD;
	return f->passage == PASSAGE_no_cookie || f->passage == PASSAGE_data_refused ||
			       f->passage == PASSAGE_cookie ||
			       f->passage == PASSAGE_accepted
		       ? PAINT_WARN
		       : PAINT_BAD;
}

/* On a terminal it is broken between words, and goes on below its own beginning. */
static void show_sentence(const char *name, const char *text)
{
	unsigned int width = paint_width(), margin = 2 + 9, at = margin;

	printf("  %-9s", name);
	while (*text) {
		size_t word = strcspn(text, " ");

		if (width > 2 * margin && at > margin && at + 1 + word > width) {
			printf("\n%*s", (int)margin, "");
			at = margin;
		} else if (at > margin) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)word, text);
		at += (unsigned int)word;
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

static void show_verdict(const struct probed *all, const struct probed_one *o)
{
	TEXT(sentence, 1024);
	TEXT(remedy, 256);

	passage_sentence(&o->p, &o->found, &all->kernel, &sentence);
	passage_remedy(&o->p, &o->found, &all->kernel, &remedy);
	show_sentence("verdict", sentence.at);
	if (remedy.n)
		printf("  remedy   %s\n", remedy.at);
	if (o->p.is_stopped && o->p.plains + o->p.fasts)
		printf("  stopped  after %u of %u pairs\n",
		       o->p.fasts < o->p.plains ? o->p.fasts : o->p.plains, all->pairs);
	if (o->is_remembered)
		printf("  noted    in the memory of destinations, for all programs\n");
}

static void show_one(const struct probed *all, const struct probed_one *o)
{
	TEXT(at, 80);
	TEXT(from, 64);

	addr_print(&at, &o->p.at);
	printf("\n%s%s%s", paint(PAINT_STRONG), at.at, paint(PAINT_NONE));
	if (probing_has_route(&o->p)) {
		addr_print_host(&from, &o->p.before.from);
		printf(" from %s", from.at);
	}
	printf(": %s%s%s\n", paint(paint_of(&o->found)), passage_word(o->found.passage),
	       paint(PAINT_NONE));
	if (!o->found.error && o->p.plains) {
		show_times(o);
		show_plot(&o->p);
		putchar('\n');
	}
	if (!o->found.error) {
		show_cookie(&o->p);
		show_classes("  contact  ", o->found.contact);
		if (o->p.fasts)
			show_classes("  SYNs     ", o->found.class);
	}
	show_verdict(all, o);
}

void probed_show(const struct probed *all)
{
	say_name(stdout, all->place);
	printf(": %u pair%s of connections, %s in each%s\n", all->pairs,
	       spell_s(all->pairs), sent(all->request),
	       all->request == REQUEST_NONE ? " (see --http and --tls)" : "");
	if (all->kernel.bits >= 0 && !(all->kernel.bits & 1))
		puts("This machine's clients do no Fast Open: plain ones only.");
	for (unsigned int i = 0; i < all->n; i++)
		show_one(all, all->at[i]);
	if (all->skipped)
		printf("\n%u more address%s of it %s not asked.\n", all->skipped,
		       all->skipped == 1 ? "" : "es",
		       all->skipped == 1 ? "was" : "were");
	if (all->holes > 0)
		printf("\nMeanwhile the kernel took a way for a black hole, and pauses "
		       "the Fast Open of all clients here; to end that:\n"
		       "  sysctl -w net.ipv4.tcp_fastopen_blackhole_timeout_sec=%ld\n",
		       all->kernel.pause_s);
}
