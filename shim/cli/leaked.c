/* SPDX-License-Identifier: MIT */
/* leaked: what tfo leaks found out about one process, as text; see leaked.h. */
#include "cli/leaked.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/interpreter.h"
#include "cli/spell.h"
#include "core/clock.h"

#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define PLACES_SHOWN 20
#define PEERS_SHOWN 3

const char *leaked_kind(enum ledger_kind kind)
{
	static const char *const words[] = {
		[LEDGER_NEVER] = "unknown", [LEDGER_SOCKET] = "socket",
		[LEDGER_ACCEPT] = "accept", [LEDGER_PAIR] = "socketpair",
		[LEDGER_DUP] = "dup",	    [LEDGER_RECEIVED] = "received",
	};

	return words[kind < LEDGER_KINDS ? kind : LEDGER_NEVER];
}

bool leaked_shows(const struct leaked *k, const struct place *p)
{
	return k->all || (p->count && !p->meant);
}

const char *leaked_language(const struct leaked *k, const struct ledger_place *p)
{
	const char *language = interpreter_of(k->program);
	struct ledger_image image;

	for (unsigned int i = 0; !language && i < p->depth; i++)
		if (ledger_view_module(k->l, ledger_view_frame_module(p->frame[i]),
				       &image))
			language = interpreter_of(image.path);
	return language;
}

const char *leaked_call(const struct ledger_case *c)
{
	return c->fault == LEDGER_CLOSED_TWICE	     ? "close"
	       : c->fault == LEDGER_READ_AFTER_CLOSE ? "recv"
						     : "send";
}

/* --- stacks ----------------------------------------------------------------------- */

static void show_module(const struct leaked *k, uint64_t frame)
{
	unsigned long long offset = ledger_view_frame_offset(frame);
	struct ledger_image image;

	if (!ledger_view_module(k->l, ledger_view_frame_module(frame), &image)) {
		printf("0x%llx", offset);
		return;
	}
	fputs(image.cut ? "..." : "", stdout);
	say_name(stdout, image.path);
	printf("+0x%llx", offset);
}

static void show_name(const struct leaked *k, uint64_t frame,
		      const struct symbols_name *name)
{
	say_name(stdout, name->function ? name->function : "?");
	fputs(" (", stdout);
	if (name->file) {
		say_name(stdout, name->file);
		if (name->line)
			printf(":%u", name->line);
	} else {
		show_module(k, frame);
	}
	fputs(name->inlined ? "), inlined" : ")", stdout);
}

/* false: what comes before it is the same for all programs. */
static bool show_frame(const struct leaked *k, const char *before, uint64_t frame)
{
	const struct symbols_frame *f = symbols_of(&k->symbols, frame);

	if (!f || !f->names) {
		fputs(before, stdout);
		show_module(k, frame);
		putchar('\n');
		return true;
	}
	for (unsigned int i = 0; i < f->names; i++) {
		fputs(i ? "         " : before, stdout);
		show_name(k, frame, &f->name[i]);
		putchar('\n');
	}
	return !f->name[f->names - 1].function ||
	       strcmp(f->name[f->names - 1].function, "main");
}

static void show_stack(const struct leaked *k, const struct ledger_place *p)
{
	if (!p->depth)
		puts("      at a place that found no room in the ledger");
	for (unsigned int i = 0; i < p->depth; i++)
		if (!show_frame(k, i ? "         " : "      at ", p->frame[i]))
			break;
}

static void show_site(const struct leaked *k, unsigned int site)
{
	struct ledger_place p;

	ledger_view_site(k->l, site, &p);
	show_stack(k, &p);
}

/* --- a place ---------------------------------------------------------------------- */

static void show_states(const struct place *p)
{
	const char *comma = "      ";
	bool shown[SOCKETS_STATES] = { [SOCKETS_UNKNOWN] = true };

	for (;;) {
		int most = SOCKETS_UNKNOWN;

		for (int s = 1; s < SOCKETS_STATES; s++)
			if (!shown[s] && p->state[s] > (most ? p->state[most] : 0))
				most = s;
		if (!most)
			break;
		shown[most] = true;
		printf("%s%u %s", comma, p->state[most],
		       sockets_state_name((enum sockets_state)most));
		fputs(most == SOCKETS_CLOSE_WAIT
			      ? " (the other side has closed, this one has not)"
		      : most == SOCKETS_CLOSE
			      ? " (never connected, or the connection is over)"
			      : "",
		      stdout);
		comma = ", ";
	}
	if (*comma == ',')
		putchar('\n');
}

static void show_ages(const struct place *p)
{
	printf("      ");
	spell_age(p->newest);
	if (p->oldest != p->newest) {
		printf(" to ");
		spell_age(p->oldest);
	}
	printf(" old");
	if (p->count > 1 && p->oldest >= 600)
		printf("; born in the last minute %u, hour %u, day %u", p->in_minute,
		       p->in_hour, p->in_day);
	if (p->was_seen) {
		printf("; %+lld since the look ", (long long)p->growth);
		spell_age(p->looked_s * UINT64_C(10));
		printf(" ago");
	}
	printf("; %llu were ever born here\n", (unsigned long long)p->born.births);
}

static void show_peers(const struct place *p)
{
	unsigned int shown = 0;

	for (; shown < p->peers && shown < PEERS_SHOWN; shown++) {
		const struct places_peer *peer = &p->peer[shown];
		TEXT(address, 64);

		if (peer->at.port)
			addr_print(&address, &peer->at);
		else
			addr_print_host(&address, &peer->at);
		printf("%s%s", shown ? ", " : "      peers: ", address.at);
		if (p->peers > 1)
			printf(" (%u)", peer->n);
	}
	if (p->more_peers)
		printf(" and many more");
	else if (p->peers > shown)
		printf(" and %u more", p->peers - shown);
	if (shown)
		putchar('\n');
}

static void show_queues(const struct place *p)
{
	if (!p->received && !p->unsent)
		return;
	printf("      ");
	if (p->received) {
		spell_bytes(p->received);
		printf(" wait to be read%s", p->unsent ? ", " : "");
	}
	if (p->unsent) {
		spell_bytes(p->unsent);
		printf(" to be sent");
	}
	putchar('\n');
}

static void show_place(const struct leaked *k, const struct place *p)
{
	const char *kind = leaked_kind(p->kind), *language;
	bool listens = p->count && p->listening == p->count;
	unsigned int n = p->count ? p->count : p->live;

	printf("\n  %u %s socket%s by %s%s", n, listens ? "listening" : "unclosed",
	       spell_s(n), kind, p->kind == LEDGER_RECEIVED ? " in a message" : "()");
	if (p->live > n)
		printf(", and %u younger", p->live - n);
	else if (!p->count)
		printf(", young");
	if (p->meant) {
		printf(", meant to stay open: ");
		say_name(stdout, p->meant);
	}
	putchar('\n');
	show_stack(k, &p->born);
	if (p->count) {
		show_states(p);
		show_ages(p);
		show_peers(p);
		show_queues(p);
	}
	language = leaked_language(k, &p->born);
	if (language)
		printf("      native frames only: the %s interpreter's own frames are "
		       "not seen\n",
		       language);
}

/* --- what went wrong at close ----------------------------------------------------- */

/* As valgrind has it: three places. */
static void show_finding(const struct leaked *k, const struct ledger_case *c)
{
	printf("\n  descriptor %u was %s", c->fd,
	       c->fault == LEDGER_CLOSED_TWICE	     ? "closed once more"
	       : c->fault == LEDGER_READ_AFTER_CLOSE ? "read after its close"
						     : "written to after its close");
	if (c->count > 1)
		printf(", the last of %u times", c->count);
	printf(", ");
	spell_age(k->places.now > c->last ? k->places.now - c->last : 0);
	printf(" ago, by thread %u\n", c->thread);
	show_site(k, c->here);
	printf("    previously closed\n");
	show_site(k, c->closed);
	printf("    originally opened\n");
	show_site(k, c->born);
}

static void show_findings(const struct leaked *k)
{
	const struct ledger_head *h = &k->l->head;
	struct ledger_case c;

	for (unsigned int i = 0; i < LEDGER_FINDINGS; i++)
		if (ledger_view_finding(k->l, i, &c))
			show_finding(k, &c);
	if (PEEK(h->close_eintr) || PEEK(h->close_eio))
		printf("\n  close() of a socket said EINTR %u times, EIO %u times\n",
		       PEEK(h->close_eintr), PEEK(h->close_eio));
}

/* --- the whole -------------------------------------------------------------------- */

/* When it ended, nobody has noted; but what it did last. */
static void show_last_sign(const struct leaked *k)
{
	uint64_t last = PEEK(k->l->head.begun_s) + (uint64_t)k->places.now / 10;
	uint64_t today = clock_today_s();

	printf(" at its end; the last came or went ");
	spell_age(today > last ? (today - last) * 10 : 0);
	printf(" ago");
}

static void show_head(const struct leaked *k)
{
	const struct places *p = &k->places;

	say_name(stdout, *k->program ? k->program : "a program");
	if (k->one->process)
		printf(" (pid %d): ", k->one->process->pid);
	else
		printf(" (pid %u, ended): ", PEEK(k->l->head.pid));
	if (!k->unclosed && !k->findings)
		printf("nothing unclosed; ");
	printf("%u socket%s open", p->live, spell_s(p->live));
	if (p->checked == PLACES_DEAD)
		show_last_sign(k);
	if (p->limit)
		printf(", %u descriptors of the %llu it may have", p->descriptors,
		       (unsigned long long)p->limit);
	putchar('\n');
	if (!k->one->path)
		puts("  it keeps no ledger: it has made no socket yet, or its policy "
		     "says report = off");
	if (p->checked == PLACES_HIDDEN)
		puts("  by its own books: its descriptors are not for us to see");
	if (p->checked == PLACES_UNNAMED)
		puts("  the kernel does not tell the states of its sockets here");
	if (PEEK(k->l->head.state) == LEDGER_STOPPED)
		puts("  it filters its system calls: since then nothing was noted");
}

static void show_rest(const struct leaked *k)
{
	const struct places *p = &k->places;
	unsigned int lost = PEEK(k->l->head.beyond);

	if (p->young && !k->all)
		printf("\n  %u younger than %lld s: --min-age 0 shows them\n", p->young,
		       (long long)(k->min_age_ms / 1000));
	if (k->meant && !k->all)
		printf("\n  %u meant to stay open: --all shows them\n", k->meant);
	if (p->strangers)
		printf("\n  not counted: %u socket%s that it was started with, or that "
		       "came unseen\n",
		       p->strangers, spell_s(p->strangers));
	if (p->behind)
		printf("\n  not counted: %u that were closed unseen\n", p->behind);
	if (lost)
		printf("\n  not counted: %u whose number is too high\n", lost);
	if (k->symbols.cut)
		puts("\n  some places have no names: their files could not be read in "
		     "time");
}

void leaked_show(const struct leaked *k)
{
	unsigned int shown = 0, more = 0;
	bool callers = true;

	show_head(k);
	for (unsigned int i = 0; i < k->places.n; i++) {
		const struct place *p = &k->places.at[i];

		if (!leaked_shows(k, p))
			continue;
		if (!k->all && shown == PLACES_SHOWN) {
			more++;
			continue;
		}
		show_place(k, p);
		shown++;
		callers = callers && p->born.how == LEDGER_BY_CALLER;
	}
	show_findings(k);
	if (more)
		printf("\n  ... and %u more places: --all shows them\n", more);
	if (shown && callers)
		puts("\n  callers only: 'stacks = full' in a policy, or "
		     "TFOSHIM_LEAKS=count,stacks=full, keeps the whole stack");
	show_rest(k);
}
