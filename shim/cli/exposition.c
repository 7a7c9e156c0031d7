/* SPDX-License-Identifier: MIT */
/* exposition: all metrics, as Prometheus reads them; see exposition.h. */
#include "cli/exposition.h"

#include "cli/prometheus.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define LABELS(...) ((const struct prometheus_label[]){ __VA_ARGS__, { NULL, NULL } })

static void show_build(const struct prometheus *p, const struct measured *m)
{
	(void)m;
	prometheus_sample(p, LABELS({ "version", PACKAGE_VERSION }), 1, 0);
}

/* --- connections ------------------------------------------------------------------ */

static void show_running(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->programs; i++)
		for (int a = 0; a < TRAFFIC_ASIDES; a++)
			if (m->program[i].running[a])
				prometheus_sample(
					p,
					LABELS({ "program", m->program[i].name },
					       { "state",
						 guest_aside((enum traffic_aside)a) }),
					m->program[i].running[a], 0);
}

static void show_kind(const struct prometheus *p, const struct measured_program *of,
		      enum outcome o, enum reason r)
{
	if (of->n[o][r])
		prometheus_sample(p,
				  LABELS({ "outcome", outcome_word(o) },
					 { "reason", outcome_reason(r) },
					 { "program", of->name }),
				  of->n[o][r], 0);
}

static void show_connections(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->programs; i++)
		for (int o = 0; o < OUTCOMES; o++)
			for (int r = 0; r < REASONS; r++)
				show_kind(p, &m->program[i], (enum outcome)o,
					  (enum reason)r);
}

static void show_times(const struct prometheus *p, const struct prometheus_label *label,
		       const struct measured *m, enum traffic_path path)
{
	struct prometheus_bucket b[TRAFFIC_BUCKETS];
	uint64_t sum = m->traffic ? LOAD(m->traffic->times[path].sum_us) : 0;

	for (unsigned int i = 0; i < TRAFFIC_BUCKETS; i++) {
		b[i].bound = traffic_bound_us(i);
		b[i].n = m->traffic ? LOAD(m->traffic->times[path].bucket[i]) : 0;
	}
	prometheus_histogram(p, label, b, TRAFFIC_BUCKETS, sum, 6);
}

static void show_first_byte(const struct prometheus *p, const struct measured *m)
{
	show_times(p, LABELS({ "path", "fastopen" }), m, TRAFFIC_FASTOPEN);
	show_times(p, LABELS({ "path", "plain" }), m, TRAFFIC_PLAIN);
}

static void show_fallback(const struct prometheus *p, const struct measured *m)
{
	show_times(p, NULL, m, TRAFFIC_FALLBACK);
}

static void show_cookie_age(const struct prometheus *p, const struct measured *m)
{
	struct prometheus_bucket b[TRAFFIC_AGES];
	uint64_t sum = m->traffic ? LOAD(m->traffic->ages.sum_s) : 0;

	for (unsigned int i = 0; i < TRAFFIC_AGES; i++) {
		b[i].bound = traffic_age_bound_s(i);
		b[i].n = m->traffic ? LOAD(m->traffic->ages.bucket[i]) : 0;
	}
	prometheus_histogram(p, NULL, b, TRAFFIC_AGES, sum, 0);
}

static void show_saved(const struct prometheus *p, const struct measured *m)
{
	prometheus_sample(p, NULL, m->traffic ? LOAD(m->traffic->saved_us) : 0, 6);
}

/* --- destinations ----------------------------------------------------------------- */

static void show_destinations(const struct prometheus *p, const struct measured *m)
{
	prometheus_sample(p, NULL, m->destinations, 0);
}

static void show_pause(const struct prometheus *p, const char *destination,
		       enum reason why, unsigned int n)
{
	if (n)
		prometheus_sample(p,
				  LABELS({ "destination", destination },
					 { "reason", outcome_reason(why) }),
				  n, 0);
}

static void show_paused(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->pauses; i++) {
		TEXT(to, 64);

		addr_print(&to, &m->pause[i].to);
		show_pause(p, to.at, m->pause[i].why, 1);
	}
	for (int r = 0; r < REASONS; r++)
		show_pause(p, MEASURED_OTHER, (enum reason)r, m->more_pauses[r]);
	show_pause(p, "all", REASON_paused, m->all_paused);
}

static void show_cookies(const struct prometheus *p, const struct measured *m)
{
	if (m->cookies >= 0)
		prometheus_sample(p, NULL, (uint64_t)m->cookies, 0);
}

/* --- sockets ---------------------------------------------------------------------- */

static void show_open(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->programs; i++)
		if (m->program[i].ledgers)
			prometheus_sample(p, LABELS({ "program", m->program[i].name }),
					  m->program[i].open, 0);
}

static void show_unclosed(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->sites; i++)
		prometheus_sample(p,
				  LABELS({ "program", m->site[i].program },
					 { "site", m->site[i].site }),
				  m->site[i].n, 0);
}

static void show_limit(const struct prometheus *p, const struct measured *m)
{
	for (unsigned int i = 0; i < m->programs; i++)
		if (m->program[i].fullest)
			prometheus_sample(p, LABELS({ "program", m->program[i].name }),
					  m->program[i].fullest, 4);
}

static void show_close_errors(const struct prometheus *p, const struct measured *m)
{
	static const char *const words[] = {
		[TRAFFIC_CLOSE_EINTR] = "EINTR",
		[TRAFFIC_CLOSE_EIO] = "EIO",
		[TRAFFIC_CLOSE_EBADF] = "EBADF",
	};

	for (int i = 0; i < TRAFFIC_CLOSES; i++)
		prometheus_sample(p, LABELS({ "error", words[i] }),
				  m->traffic ? LOAD(m->traffic->close_errors[i]) : 0,
				  0);
}

/* --- all of them ------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum prometheus_type type;
	const char *help;
	void (*show)(const struct prometheus *p, const struct measured *m);
	enum netstat_counter kernel; /* where show is NULL */
} rows[] = {
#define METRIC(name, type, help, show) { #name, PROMETHEUS_##type, help, show, 0 },
#define KERNEL(name, row, help) { #name, PROMETHEUS_counter, help, NULL, row },
#include "cli/metrics.def"
#undef METRIC
#undef KERNEL
};

void exposition_write(FILE *to, const struct measured *m)
{
	struct prometheus p = { .to = to };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!rows[i].show && !m->kernel.is_known[rows[i].kernel])
			continue;
		prometheus_family(&p, rows[i].name, rows[i].type, rows[i].help);
		if (rows[i].show)
			rows[i].show(&p, m);
		else
			prometheus_sample(&p, NULL, m->kernel.n[rows[i].kernel], 0);
	}
}
