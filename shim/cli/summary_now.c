/* SPDX-License-Identifier: MIT */
/* summary_now: what runs at this moment, and the kernel's part; see summary.h. */
#include <stdio.h>
#include <string.h>

#include "cli/figures.h"
#include "cli/machine.h"
#include "cli/cli.h"
#include "cli/spell.h"
#include "cli/summary.h"
#include "cli/table.h"

/* --- programs -------------------------------------------------------------------- */

static const struct table_column columns[] = {
	{ .title = "running", .may_shrink = true }, { .title = "pid", .right = true },
	{ .title = "conns", .right = true },	    { .title = "rode", .right = true },
	{ .title = "lost", .right = true },	    { .title = "open", .right = true },
	{ .title = "listens", .may_shrink = true }, { 0 },
};

static const char *why_aside(enum traffic_aside a)
{
	switch (a) {
	case TRAFFIC_ASIDE_SECCOMP:
		return "it filters its own system calls";
	case TRAFFIC_ASIDE_IO_URING:
		return "it uses io_uring";
	case TRAFFIC_ASIDE_POLICY:
		return "its policy cannot be read";
	case TRAFFIC_TAKES_PART:
	case TRAFFIC_ASIDES:
		break;
	}
	return NULL;
}

/* "Fast Open on 2: *:80 [::]:443" */
static void listens(const struct summary_program *p, struct text *ret)
{
	const struct holds *h = &p->holds;

	if (p->guest.listeners) {
		text_str(ret, "Fast Open on ");
		text_num(ret, p->guest.listeners);
		text_str(ret, h->listeners ? ": " : "");
	}
	for (unsigned int i = 0; i < h->listeners && i < HOLDS_LISTENERS; i++) {
		const struct addr *at = &h->at[i];

		text_str(ret, i ? " " : "");
		if (at->version != 4 || memcmp(at->ip, "\0\0\0", 4)) {
			addr_print(ret, at);
			continue;
		}
		text_str(ret, "*:");
		text_num(ret, at->port);
	}
}

static void add_program(struct table *t, const struct summary_program *p)
{
	uint64_t lost = summary_outcome(&p->guest, OUTCOME_syn_retransmitted);
	TEXT(where, 512);

	listens(p, &where);
	table_cell(t, p->guest.aside ? PAINT_WARN : PAINT_NONE, "%s", p->guest.name);
	table_cell(t, PAINT_NONE, "%d", p->process.pid);
	table_cell(t, PAINT_NONE, "%llu",
		   (unsigned long long)summary_connections(&p->guest));
	table_cell(t, PAINT_NONE, "%llu",
		   (unsigned long long)summary_outcome(&p->guest, OUTCOME_data_acked));
	table_cell(t, lost ? PAINT_WARN : PAINT_NONE, "%llu", (unsigned long long)lost);
	if (p->holds.is_seen)
		table_cell(t, PAINT_NONE, "%u", p->holds.sockets);
	else
		table_cell(t, PAINT_NONE, "?");
	table_cell(t, PAINT_NONE, "%s", where.at);
}

/* What a line of a table has no room for. */
static void show_remarks(const struct summary_program *p)
{
	char name[TRAFFIC_NAME];
	const char *why = why_aside(p->guest.aside);

	snprintf(name, sizeof(name), "%s", p->guest.name);
	table_clean(name);
	if (why)
		printf("  %s%s %d stands aside%s: %s\n", paint(PAINT_WARN), name,
		       p->process.pid, paint(PAINT_NONE), why);
	if (!*p->policy)
		return;
	printf("  %s %d has a policy of its own: ", name, p->process.pid);
	say_name(stdout, p->policy);
	putchar('\n');
}

void summary_show_programs(const struct summary *s, bool is_whole)
{
	size_t few = is_whole || s->programs < FIGURES_FEW + 2 ? s->programs
							       : FIGURES_FEW;
	struct table *t;

	if (!s->programs)
		return;
	putchar('\n');
	t = table_begin(columns);
	for (size_t i = 0; i < few; i++)
		add_program(t, &s->program[i]);
	table_show(t);
	table_drop(t);
	figures_rest(s->programs, few);
	if (s->is_full)
		puts("  there was no room to note all that run");
	for (size_t i = 0; i < few; i++)
		show_remarks(&s->program[i]);
}

/* --- the kernel ------------------------------------------------------------------ */

static void show_setting(const struct netstat *k)
{
	static const char *const keys[] = {
		[NETSTAT_KEY_UNSEEN] = "",
		[NETSTAT_KEY_NONE] = "; no key drawn yet",
		[NETSTAT_KEY_SET] = "; listeners have a key",
	};

	if (k->fastopen < 0)
		printf("  %-10snet.ipv4.tcp_fastopen cannot be read\n", "Fast Open");
	else
		printf("  %-10sclients %s, servers %s (tcp_fastopen=%ld)%s\n",
		       "Fast Open", k->fastopen & MACHINE_CLIENT ? "on" : "off",
		       k->fastopen & MACHINE_SERVER ? "on" : "off", k->fastopen,
		       keys[k->key]);
	if (k->n[NETSTAT_BLACKHOLE])
		printf("  %-10sthe kernel has stopped all its clients %llu time%s, for "
		       "%ld s and longer\n",
		       "", (unsigned long long)k->n[NETSTAT_BLACKHOLE],
		       spell_s(k->n[NETSTAT_BLACKHOLE]), k->blackhole_s);
}

void summary_show_kernel(const struct summary *s)
{
	struct figures_list c = { .head = "counters" };

	figures_head("the kernel, in this network namespace");
	show_setting(&s->kernel);
	for (int i = 0; i < NETSTAT_COUNTERS; i++)
		figures_add(&c, netstat_name((enum netstat_counter)i), s->kernel.n[i]);
	figures_end(&c);
	if (!s->has_cookies)
		printf("  %-10sit does not tell\n", "cookies");
	else if (s->cookies)
		printf("  %-10s%u held, %u of them for hosts that nobody here asked "
		       "for\n",
		       "cookies", s->cookies, s->strange_cookies);
	if (s->policy_errors) {
		printf("  %-10s", "policy");
		say_name(stdout, s->policy);
		printf(" has %u error%s: 'tfo policy check' tells them\n",
		       s->policy_errors, spell_s(s->policy_errors));
	}
}
