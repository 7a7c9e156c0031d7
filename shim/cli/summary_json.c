/* SPDX-License-Identifier: MIT */
/* summary_json: all that is known here, as JSON; see summary.h. */
#include <math.h>

#include "cli/json.h"
#include "cli/known.h"
#include "cli/summary.h"
#include "core/clock.h"

static void put(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_text(text));
}

static void put_number(struct json_object *to, const char *name, uint64_t n)
{
	json_object_object_add(
		to, name,
		json_object_new_int64(n < INT64_MAX ? (int64_t)n : INT64_MAX));
}

static void put_bool(struct json_object *to, const char *name, bool is)
{
	json_object_object_add(to, name, json_object_new_boolean(is));
}

/* Microseconds; NULL where it is not known. */
static void put_us(struct json_object *to, const char *name, bool is_known, double us)
{
	json_object_object_add(to, name,
			       is_known ? json_object_new_int64(llround(us)) : NULL);
}

static void put_address(struct json_object *to, const char *name, const struct addr *a)
{
	TEXT(text, 64);

	addr_print_host(&text, a);
	put(to, name, text.at);
}

/* --- counts ---------------------------------------------------------------------- */

static struct json_object *counts_json(uint64_t n[OUTCOMES][REASONS], bool by_outcome)
{
	struct json_object *all = json_object_new_object();

	for (int i = 0; i < (by_outcome ? OUTCOMES : REASONS); i++) {
		uint64_t sum = 0;

		for (int k = 0; k < (by_outcome ? REASONS : OUTCOMES); k++)
			sum += by_outcome ? n[i][k] : n[k][i];
		if (by_outcome)
			put_number(all, outcome_word((enum outcome)i), sum);
		else if (i != REASON_none)
			put_number(all, outcome_reason((enum reason)i), sum);
	}
	return all;
}

static void put_counts(struct json_object *to, uint64_t n[OUTCOMES][REASONS])
{
	uint64_t all = 0;

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			all += n[o][r];
	put_number(to, "connections", all);
	json_object_object_add(to, "outcomes", counts_json(n, true));
	json_object_object_add(to, "reasons", counts_json(n, false));
}

static void put_short_counts(struct json_object *to,
			     const uint32_t n[OUTCOMES][REASONS])
{
	uint64_t wide[OUTCOMES][REASONS];

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			wide[o][r] = n[o][r];
	put_counts(to, wide);
}

/* --- the gain -------------------------------------------------------------------- */

static void put_shift(struct json_object *to, bool is_compared,
		      const struct shift_found *f)
{
	put_us(to, "difference_us", is_compared, f->by);
	put_us(to, "difference_low_us", is_compared && f->is_sure, f->low);
	put_us(to, "difference_high_us", is_compared && f->is_sure, f->high);
}

static const char *verdict(const struct summary_gain *g)
{
	if (!g->is_compared || !g->shift.is_sure)
		return "not_known";
	if (g->shift.high <= 0)
		return "worth_it";
	return g->shift.low >= 0 ? "not_worth_it" : "no_difference";
}

static struct json_object *gain_json(const struct summary_gain *g)
{
	struct json_object *gain = json_object_new_object();

	put(gain, "verdict", verdict(g));
	put_shift(gain, g->is_compared, &g->shift);
	put_us(gain, "first_byte_fast_us", g->is_compared, g->fast_us);
	put_us(gain, "first_byte_plain_us", g->is_compared, g->plain_us);
	put_number(gain, "compared_fast", g->fast);
	put_number(gain, "compared_plain", g->plain);
	put_number(gain, "compared_destinations", g->destinations);
	put_number(gain, "missing", g->missing);
	put_bool(gain, "baseline_off", g->is_off);
	return gain;
}

/* --- destinations ---------------------------------------------------------------- */

static struct json_object *pause_json(const struct memory_view *v)
{
	uint64_t now = clock_today_cs();
	struct json_object *pause;

	if (v->pause == REASON_none)
		return NULL;
	pause = json_object_new_object();
	put(pause, "reason", outcome_reason(v->pause));
	put_number(pause, "seconds_left",
		   v->is_due || v->until_cs < now ? 0 : (v->until_cs - now + 99) / 100);
	put_bool(pause, "trial_due", v->is_due);
	put_bool(pause, "of_all", v->of_all);
	put_number(pause, "strikes", v->strikes.count);
	return pause;
}

static void put_paces(struct json_object *to, const struct summary_destination *d)
{
	const struct pace_sets *sets = &d->facts.sets;
	double fast[PACE_PAIRS], plain[PACE_PAIRS];

	for (unsigned int i = 0; i < sets->fast; i++)
		fast[i] = sets->fast_us[i];
	for (unsigned int i = 0; i < sets->plain; i++)
		plain[i] = sets->plain_us[i];
	put_us(to, "first_byte_fast_us", sets->fast, shift_median(fast, sets->fast));
	put_us(to, "first_byte_plain_us", sets->plain,
	       shift_median(plain, sets->plain));
	put_shift(to, d->is_compared, &d->shift);
	put_number(to, "compared_fast", sets->fast);
	put_number(to, "compared_plain", sets->plain);
}

static struct json_object *destination_json(const struct summary *s,
					    const struct summary_destination *d)
{
	struct json_object *one = json_object_new_object();
	struct json_object *outcomes = json_object_new_object();
	struct json_object *reasons = json_object_new_object();

	put_address(one, "address", &d->at);
	put_number(one, "port", d->at.port);
	put(one, "name", *d->facts.name ? d->facts.name : NULL);
	put_number(one, "connections", d->connections);
	for (int o = 0; o < OUTCOMES; o++)
		put_number(outcomes, outcome_word((enum outcome)o),
			   d->facts.outcome[o]);
	for (int r = REASON_none + 1; r < REASONS; r++)
		put_number(reasons, outcome_reason((enum reason)r), d->facts.reason[r]);
	json_object_object_add(one, "outcomes", outcomes);
	json_object_object_add(one, "reasons", reasons);
	put_us(one, "rtt_us", d->facts.rtt_us, d->facts.rtt_us);
	put_number(one, "saved_us", d->facts.saved_us);
	put_paces(one, d);
	json_object_object_add(one, "baseline_one_in",
			       d->baseline ? json_object_new_int64(d->baseline) : NULL);
	json_object_object_add(one, "pause", pause_json(&d->view));
	json_object_object_add(one, "cookie_bytes",
			       s->has_cookies ? json_object_new_int64(d->cookie)
					      : NULL);
	put_us(one, "last_answer_unix_s", d->facts.answered_s, d->facts.answered_s);
	return one;
}

/* --- programs -------------------------------------------------------------------- */

static void put_holds(struct json_object *to, const struct holds *h)
{
	struct json_object *at = json_object_new_array();

	for (unsigned int i = 0; i < h->listeners && i < HOLDS_LISTENERS; i++) {
		TEXT(text, 64);

		addr_print(&text, &h->at[i]);
		json_object_array_add(at, json_text(text.at));
	}
	json_object_object_add(to, "sockets",
			       h->is_seen ? json_object_new_int64(h->sockets) : NULL);
	json_object_object_add(to, "connections_open",
			       h->is_told ? json_object_new_int64(h->connections)
					  : NULL);
	json_object_object_add(to, "listeners",
			       h->is_told ? json_object_new_int64(h->listeners) : NULL);
	json_object_object_add(to, "listening_at", at);
}

static struct json_object *program_json(const struct summary_program *p)
{
	struct json_object *one = json_object_new_object();

	put(one, "name", p->guest.name);
	put(one, "program", *p->process.program ? p->process.program : NULL);
	put_number(one, "pid", (uint64_t)p->process.pid);
	put_number(one, "since_unix_s", p->guest.begun_s);
	put_short_counts(one, p->guest.n);
	put(one, "aside", p->guest.aside ? guest_aside(p->guest.aside) : NULL);
	put_number(one, "fastopen_listeners", p->guest.listeners);
	put_holds(one, &p->holds);
	put(one, "policy", *p->policy ? p->policy : NULL);
	return one;
}

static struct json_object *totals_json(const struct traffic *t)
{
	struct json_object *all = json_object_new_array();

	for (unsigned int i = 0; t && i < TRAFFIC_PROGRAMS; i++) {
		struct json_object *one;
		struct traffic_totals totals;

		if (!traffic_program(t, i, &totals))
			continue;
		one = json_object_new_object();
		put(one, "name", totals.name);
		put_counts(one, totals.n);
		json_object_array_add(all, one);
	}
	return all;
}

/* --- the kernel ------------------------------------------------------------------ */

static struct json_object *kernel_json(const struct summary *s)
{
	static const char *const keys[] = {
		[NETSTAT_KEY_UNSEEN] = NULL,
		[NETSTAT_KEY_NONE] = "none",
		[NETSTAT_KEY_SET] = "set",
	};
	const struct netstat *k = &s->kernel;
	struct json_object *kernel = json_object_new_object();
	struct json_object *counters = json_object_new_object();

	for (int i = 0; i < NETSTAT_COUNTERS; i++)
		if (k->is_known[i])
			put_number(counters, netstat_name((enum netstat_counter)i),
				   k->n[i]);
	json_object_object_add(kernel, "counters", counters);
	json_object_object_add(kernel, "tcp_fastopen",
			       k->fastopen < 0 ? NULL
					       : json_object_new_int64(k->fastopen));
	json_object_object_add(
		kernel, "blackhole_timeout_s",
		k->blackhole_s < 0 ? NULL : json_object_new_int64(k->blackhole_s));
	put(kernel, "key", keys[k->key]);
	json_object_object_add(kernel, "cookies",
			       s->has_cookies ? json_object_new_int64(s->cookies)
					      : NULL);
	json_object_object_add(
		kernel, "cookies_of_others",
		s->has_cookies ? json_object_new_int64(s->strange_cookies) : NULL);
	return kernel;
}

static struct json_object *policy_json(const struct summary *s)
{
	struct json_object *policy = json_object_new_object();

	put(policy, "path", s->policy);
	put_number(policy, "errors", s->policy_errors);
	return policy;
}

struct json_object *summary_json(const struct summary *s)
{
	struct json_object *all = json_object_new_object();
	struct json_object *destinations = json_object_new_array();
	struct json_object *programs = json_object_new_array();
	uint64_t n[OUTCOMES][REASONS];

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			n[o][r] = s->all[o][r];
	json_object_object_add(all, "gain", gain_json(&s->gain));
	put_counts(all, n);
	put_number(all, "round_trips_saved", summary_total(s, OUTCOME_data_acked));
	put_number(all, "saved_us",
		   s->traffic ? atomic_load(&s->traffic->saved_us) : 0);
	json_object_object_add(all, "by_program", totals_json(s->traffic));
	for (size_t i = 0; i < s->destinations; i++)
		json_object_array_add(destinations,
				      destination_json(s, &s->destination[i]));
	json_object_object_add(all, "destinations", destinations);
	json_object_object_add(all, "pause_of_all", pause_json(&s->side));
	for (size_t i = 0; i < s->programs; i++)
		json_object_array_add(programs, program_json(&s->program[i]));
	json_object_object_add(all, "running", programs);
	put_bool(all, "running_all", !s->is_full);
	json_object_object_add(all, "kernel", kernel_json(s));
	json_object_object_add(all, "policy", policy_json(s));
	return all;
}
