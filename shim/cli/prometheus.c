/* SPDX-License-Identifier: MIT */
/* prometheus: the text format of Prometheus; see prometheus.h. */
#include "cli/prometheus.h"

#include "cli/utf8.h"

void prometheus_family(struct prometheus *p, const char *name,
		       enum prometheus_type type, const char *help)
{
	static const char *const words[] = {
		[PROMETHEUS_counter] = "counter",
		[PROMETHEUS_gauge] = "gauge",
		[PROMETHEUS_histogram] = "histogram",
	};

	p->name = name;
	fprintf(p->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, words[type]);
}

/* --- labels ----------------------------------------------------------------------- */

static void put_value(FILE *to, const char *text)
{
	while (*text) {
		size_t n = utf8_character(text);

		if (!n)
			fputs(UTF8_REPLACEMENT, to);
		else if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			putc('?', to);
		else
			fwrite(text, 1, n, to);
		text += n ? n : 1;
	}
}

static const char *put_labels(FILE *to, const struct prometheus_label *label,
			      const char *before)
{
	for (; label && label->name; label++) {
		fprintf(to, "%s%s=\"", before, label->name);
		put_value(to, label->value);
		putc('"', to);
		before = ",";
	}
	return before;
}

/* --- values ----------------------------------------------------------------------- */

/* Without zeros at the end, and without a locale's comma. */
static void put_number(FILE *to, uint64_t n, unsigned int decimals)
{
	uint64_t unit = 1;

	while (decimals && n % 10 == 0) {
		n /= 10;
		decimals--;
	}
	for (unsigned int i = 0; i < decimals; i++)
		unit *= 10;
	fprintf(to, "%llu", (unsigned long long)(n / unit));
	if (decimals)
		fprintf(to, ".%0*llu", (int)decimals, (unsigned long long)(n % unit));
}

static void put_whole(const struct prometheus *p, const char *suffix,
		      const struct prometheus_label *label, uint64_t n,
		      unsigned int decimals)
{
	fprintf(p->to, "%s%s", p->name, suffix);
	if (*put_labels(p->to, label, "{") == ',')
		putc('}', p->to);
	putc(' ', p->to);
	put_number(p->to, n, decimals);
	putc('\n', p->to);
}

void prometheus_sample(const struct prometheus *p,
		       const struct prometheus_label *labels, uint64_t n,
		       unsigned int decimals)
{
	put_whole(p, "", labels, n, decimals);
}

static void put_bucket(const struct prometheus *p, const struct prometheus_label *label,
		       uint32_t bound, uint64_t so_far, unsigned int decimals)
{
	const char *before;

	fprintf(p->to, "%s_bucket", p->name);
	before = put_labels(p->to, label, "{");
	fprintf(p->to, "%sle=\"", before);
	if (bound == UINT32_MAX)
		fputs("+Inf", p->to);
	else
		put_number(p->to, bound, decimals);
	fprintf(p->to, "\"} %llu\n", (unsigned long long)so_far);
}

void prometheus_histogram(const struct prometheus *p,
			  const struct prometheus_label *label,
			  const struct prometheus_bucket *buckets, unsigned int n,
			  uint64_t sum, unsigned int decimals)
{
	uint64_t so_far = 0;

	for (unsigned int i = 0; i < n; i++) {
		so_far += buckets[i].n;
		put_bucket(p, label, i + 1 < n ? buckets[i].bound : UINT32_MAX, so_far,
			   decimals);
	}
	put_whole(p, "_sum", label, sum, decimals);
	put_whole(p, "_count", label, so_far, 0);
}
