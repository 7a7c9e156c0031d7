/* SPDX-License-Identifier: MIT */
/* explained: what explain found out, as text and as JSON; see explained.h. */
#include "cli/explained.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/keys.h"
#include "cli/known.h"
#include "core/clock.h"

/* The rule's head, "[connect ...]"; free() it. */
static char *head_of(const struct rule *r)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	const struct sink sink = say_sink(to);

	if (!to)
		return NULL;
	rule_print(r, &sink);
	fclose(to);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static bool is_set(const struct rule *r, enum rule_key k)
{
	for (const struct rule_setting *s = r ? r->settings : NULL; s; s = s->next)
		if (s->key == k)
			return true;
	return false;
}

static const char *cookie_state(const struct explained *e)
{
	return e->kernel ? "unknown" : e->cookie.bytes ? "held" : "none";
}

/* 0: never. */
static uint32_t ago(uint32_t then)
{
	uint32_t now = clock_today_s();

	return then && then <= now ? now - then : 0;
}

/* --- as text --------------------------------------------------------------------- */

static void show_head(const struct explained *e)
{
	TEXT(place, 80);

	addr_print(&place, &e->at);
	printf("%s %s", rule_section_name(e->section), place.at);
	if (e->host) {
		printf(" (");
		say_name(stdout, e->host);
		putchar(')');
	}
	if (*e->program) {
		printf(", program ");
		say_name(stdout, e->program);
	}
	if (e->user)
		printf(", user %s\n", e->user);
	else
		printf(", user %u\n", e->uid);
	printf("  %s\n", e->sentence.at);
}

static void show_rule(const struct explained *e)
{
	char *head = e->rule ? head_of(e->rule) : NULL;

	printf("\n  rule    ");
	if (e->rule) {
		say_name(stdout, e->rule->file);
		printf(":%u %s\n", e->rule->line, head ? head : "");
	} else {
		puts(e->is_bad ? "none: the policy has errors"
			       : "none holds: the defaults");
	}
	free(head);
	if (rule_text(e->rule, KEY_reason))
		printf("  reason  %s\n", rule_text(e->rule, KEY_reason));
}

static void show_keys(const struct explained *e)
{
	const char *before = "keys";

	for (enum rule_key k = 0; k < KEYS; k++) {
		const struct rule_about *about = rule_about(k);
		const char *value;
		TEXT(room, 96);

		if (!(about->sections & e->section) || k == KEY_reason)
			continue;
		value = keys_value(k, rule_value(e->rule, k), rule_text(e->rule, k),
				   &room);
		printf("  %-7s %-13s %s%s\n", before, about->name,
		       value ? value : about->standard,
		       is_set(e->rule, k) ? "" : " (default)");
		before = "";
	}
}

static void show_reasons(const struct explained *e)
{
	const char *before = "          without data in the SYN: ";

	for (int r = REASON_none + 1; r < REASONS; r++)
		if (e->facts.reason[r]) {
			printf("%s%s %u", before, outcome_reason((enum reason)r),
			       e->facts.reason[r]);
			before = ", ";
		}
	if (*before == ',')
		putchar('\n');
}

static void show_times(const struct explained *e)
{
	const struct memory_facts *f = &e->facts;

	if (f->rtt_us)
		printf("          round trip %.1f ms, %.1f s saved\n", f->rtt_us / 1e3,
		       (double)f->saved_us / 1e6);
	if (f->fast_us)
		printf("          first byte after %.1f ms with Fast Open",
		       f->fast_us / 1e3);
	if (f->fast_us && f->plain_us)
		printf(", %.1f ms without", f->plain_us / 1e3);
	if (f->fast_us)
		putchar('\n');
}

static void show_strikes(const struct explained *e)
{
	const struct memory_view *v = &e->view;

	if (v->strikes.count)
		printf("          strikes %u%s\n", v->strikes.count,
		       v->of_all ? ", of all destinations" : "");
	if (v->pause == REASON_none)
		return;
	printf("          pause, %s: %s\n",
	       v->pause == REASON_slower ? "slower" : "lost SYNs",
	       v->is_due ? "over, the next connection is a trial" : "under way");
}

static void show_memory(const struct explained *e)
{
	const char *comma = "";

	printf("  memory  ");
	if (e->no_memory) {
		say_name(stdout, e->no_memory);
		putchar('\n');
		return;
	}
	if (!e->is_known) {
		puts("this destination is not known");
		return;
	}
	if (e->facts.answered_s)
		printf("answered %u s ago", ago(e->facts.answered_s));
	else
		printf("has not answered, or failed since");
	if (*e->program)
		printf("; this program: %s", known_habit(e->facts.habit));
	if (e->facts.habit != HABIT_UNKNOWN)
		printf(", %u s ago", ago(e->facts.habit_s));
	printf("\n          ");
	for (int o = 0; o < OUTCOMES; o++)
		if (e->facts.outcome[o]) {
			printf("%s%s %u", comma, outcome_word((enum outcome)o),
			       e->facts.outcome[o]);
			comma = ", ";
		}
	puts(*comma ? "" : "no connection has been counted");
	show_reasons(e);
	show_times(e);
	show_strikes(e);
}

static void show_cookie(const struct explained *e)
{
	TEXT(from, 64);

	printf("  cookie  %s", cookie_state(e));
	if (e->kernel) {
		printf(": %s\n", e->kernel == -EOPNOTSUPP
					 ? "the kernel does not tell here"
					 : strerror(-e->kernel));
		return;
	}
	addr_print_host(&from, &e->cookie.from);
	if (e->cookie.bytes)
		printf(", %u bytes", e->cookie.bytes);
	if (e->cookie.drops)
		printf(", %u SYNs lost with it", e->cookie.drops);
	printf(", for connections from %s\n", from.at);
}

void explained_show(const struct explained *e, bool is_next)
{
	if (is_next)
		putchar('\n');
	show_head(e);
	show_rule(e);
	if (!e->is_bad)
		show_keys(e);
	if (e->section != SECTION_connect)
		return;
	show_memory(e);
	show_cookie(e);
}

/* --- as JSON --------------------------------------------------------------------- */

static void put(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_text(text));
}

static void put_number(struct json_object *to, const char *name, int64_t n)
{
	json_object_object_add(to, name, json_object_new_int64(n));
}

static struct json_object *json_rule(const struct rule *r)
{
	struct json_object *rule = json_object_new_object();
	char *head = head_of(r);

	put(rule, "file", r->file);
	put_number(rule, "line", r->line);
	put(rule, "section", head);
	free(head);
	return rule;
}

static struct json_object *json_keys(const struct explained *e)
{
	struct json_object *keys = json_object_new_object();

	for (enum rule_key k = 0; k < KEYS; k++) {
		struct json_object *key;
		TEXT(room, 96);

		if (!(rule_about(k)->sections & e->section))
			continue;
		key = json_object_new_object();
		put(key, "value",
		    keys_value(k, rule_value(e->rule, k), rule_text(e->rule, k),
			       &room));
		put(key, "from", is_set(e->rule, k) ? "rule" : "default");
		json_object_object_add(keys, rule_about(k)->name, key);
	}
	return keys;
}

static void json_times(struct json_object *memory, const struct memory_facts *f)
{
	if (f->rtt_us)
		put_number(memory, "rtt_us", f->rtt_us);
	put_number(memory, "saved_us", (int64_t)f->saved_us);
	if (f->fast_us)
		put_number(memory, "first_byte_fast_us", f->fast_us);
	if (f->plain_us)
		put_number(memory, "first_byte_plain_us", f->plain_us);
}

static void json_pause(struct json_object *memory, const struct memory_view *v)
{
	uint64_t now = clock_today_cs();

	put_number(memory, "strikes", v->strikes.count);
	put(memory, "pause", v->pause == REASON_none ? NULL : outcome_reason(v->pause));
	if (v->pause == REASON_none)
		return;
	json_object_object_add(memory, "pause_of_all",
			       json_object_new_boolean(v->of_all));
	put_number(memory, "pause_seconds_left",
		   v->is_due || v->until_cs < now
			   ? 0
			   : (int64_t)((v->until_cs - now + 99) / 100));
}

static struct json_object *json_memory(const struct explained *e)
{
	struct json_object *memory = json_object_new_object();
	struct json_object *outcomes = json_object_new_object();
	struct json_object *reasons = json_object_new_object();

	if (e->facts.answered_s)
		put_number(memory, "answered_seconds_ago", ago(e->facts.answered_s));
	json_object_object_add(memory, "proven",
			       json_object_new_boolean(e->view.answered));
	put(memory, "habit", known_habit(e->facts.habit));
	if (e->facts.habit != HABIT_UNKNOWN)
		put_number(memory, "habit_seconds_ago", ago(e->facts.habit_s));
	for (int o = 0; o < OUTCOMES; o++)
		put_number(outcomes, outcome_word((enum outcome)o),
			   e->facts.outcome[o]);
	json_object_object_add(memory, "outcomes", outcomes);
	for (int r = REASON_none + 1; r < REASONS; r++)
		put_number(reasons, outcome_reason((enum reason)r), e->facts.reason[r]);
	json_object_object_add(memory, "reasons", reasons);
	json_times(memory, &e->facts);
	json_pause(memory, &e->view);
	return memory;
}

static struct json_object *json_cookie(const struct explained *e)
{
	struct json_object *cookie = json_object_new_object();
	TEXT(from, 64);

	put(cookie, "state", cookie_state(e));
	if (e->kernel)
		return cookie;
	addr_print_host(&from, &e->cookie.from);
	put(cookie, "from", from.at);
	put_number(cookie, "bytes", e->cookie.bytes);
	put_number(cookie, "lost_syns", e->cookie.drops);
	return cookie;
}

struct json_object *explained_json(const struct explained *e)
{
	struct json_object *all = json_object_new_object();
	TEXT(address, 64);

	addr_print_host(&address, &e->at);
	put(all, "section", rule_section_name(e->section));
	put(all, "address", address.at);
	put_number(all, "port", e->at.port);
	put(all, "host", e->host);
	put(all, "program", *e->program ? e->program : NULL);
	put_number(all, "uid", e->uid);
	put(all, "user", e->user);
	put(all, "verdict", e->word);
	put(all, "sentence", e->sentence.at);
	json_object_object_add(all, "rule", e->rule ? json_rule(e->rule) : NULL);
	json_object_object_add(all, "keys", e->is_bad ? NULL : json_keys(e));
	if (e->section != SECTION_connect)
		return all;
	json_object_object_add(all, "memory", e->no_memory ? NULL : json_memory(e));
	json_object_object_add(all, "cookie", json_cookie(e));
	return all;
}
