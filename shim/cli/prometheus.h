/* SPDX-License-Identifier: MIT */
/*
 * prometheus: the text format of Prometheus (version 0.0.4), whatever stands in a
 * label: what is no UTF-8 is replaced, what has a meaning there is escaped. What is
 * measured is left to others.
 */
#ifndef CLI_PROMETHEUS_H
#define CLI_PROMETHEUS_H

#include <stdint.h>
#include <stdio.h>

enum prometheus_type {
	PROMETHEUS_counter,
	PROMETHEUS_gauge,
	PROMETHEUS_histogram,
};

/* One label after the other, ended by one without a name. */
struct prometheus_label {
	const char *name, *value;
};

struct prometheus {
	FILE *to;
	const char *name; /* of the family that stands there */
};

/* What follows is of this family, until the next one. */
void prometheus_family(struct prometheus *p, const char *name,
		       enum prometheus_type type, const char *help);
/* labels may be NULL: none.  The value is n / 10^decimals, exactly. */
void prometheus_sample(const struct prometheus *p,
		       const struct prometheus_label *labels, uint64_t n,
		       unsigned int decimals);
/* So many fell into each bucket, up to its bound; UINT32_MAX: it has none. */
struct prometheus_bucket {
	uint32_t bound, n;
};
/* Bounds and sum are in 1/10^decimals; the last bucket has no bound. */
void prometheus_histogram(const struct prometheus *p,
			  const struct prometheus_label *label,
			  const struct prometheus_bucket *buckets, unsigned int n,
			  uint64_t sum, unsigned int decimals);

#endif
