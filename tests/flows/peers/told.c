/* SPDX-License-Identifier: MIT */
/*
 * told: what the file of counters holds, as JSON, by core's own eyes: FILE.  What the
 * command makes of it is the command's test.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/guest.h"
#include "core/traffic.h"

static struct traffic *read_all(const char *path)
{
	struct traffic *t = aligned_alloc(64, sizeof(*t));
	int fd = open(path, O_RDONLY);

	if (!t || fd < 0 || read(fd, t, sizeof(*t)) != (ssize_t)sizeof(*t) ||
	    !traffic_ready(t)) {
		fprintf(stderr, "told: %s cannot be read\n", path);
		exit(1);
	}
	close(fd);
	return t;
}

/* Names hold what file names hold; these are for tests with plain ones. */
static void put_name(const char *name)
{
	fputs("\"name\": \"", stdout);
	for (; *name; name++)
		putchar(*name < ' ' || *name == '"' || *name == '\\' ? '?' : *name);
	fputs("\", ", stdout);
}

static void put_counts(const uint64_t n[OUTCOMES][REASONS])
{
	const char *comma = "";

	fputs("\"counts\": {", stdout);
	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			if (n[o][r]) {
				printf("%s\"%s/%s\": %llu", comma,
				       outcome_word((enum outcome)o),
				       outcome_reason((enum reason)r),
				       (unsigned long long)n[o][r]);
				comma = ", ";
			}
	fputs("}}", stdout);
}

static void put_short_counts(const uint32_t n[OUTCOMES][REASONS])
{
	uint64_t wide[OUTCOMES][REASONS];

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			wide[o][r] = n[o][r];
	put_counts((const uint64_t(*)[REASONS])wide);
}

static void put_all(const struct traffic *t)
{
	uint64_t n[OUTCOMES][REASONS];

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			n[o][r] = t->all.n[o][r];
	fputs("\"all\": {", stdout);
	put_counts((const uint64_t(*)[REASONS])n);
}

static void put_programs(const struct traffic *t)
{
	const char *comma = "";
	struct traffic_totals p;

	fputs(", \"programs\": [", stdout);
	for (unsigned int i = 0; i < TRAFFIC_PROGRAMS; i++)
		if (traffic_program(t, i, &p)) {
			printf("%s{", comma);
			put_name(p.name);
			put_counts((const uint64_t(*)[REASONS])p.n);
			comma = ", ";
		}
	fputs("]", stdout);
}

static void put_guests(const struct traffic *t)
{
	const char *comma = "";
	struct guest_view g;

	fputs(", \"guests\": [", stdout);
	for (unsigned int i = 0; i < TRAFFIC_GUESTS; i++)
		if (guest_look(t, i, &g)) {
			printf("%s{\"pid\": %u, \"start\": %llu, \"pid_space\": %llu, "
			       "\"listeners\": %u, \"aside\": \"%s\", ",
			       comma, g.pid, (unsigned long long)g.start,
			       (unsigned long long)g.pid_space, g.listeners,
			       guest_aside(g.aside));
			put_name(g.name);
			put_short_counts((const uint32_t(*)[REASONS])g.n);
			comma = ", ";
		}
	fputs("]", stdout);
}

static void put_buckets(const char *name, const _Atomic uint32_t *bucket,
			unsigned int n, uint64_t sum)
{
	printf(", \"%s\": {\"sum\": %llu, \"buckets\": [", name,
	       (unsigned long long)sum);
	for (unsigned int i = 0; i < n; i++)
		printf("%s%u", i ? ", " : "", bucket[i]);
	fputs("]}", stdout);
}

int main(int argc, char **argv)
{
	static const char *const paths[] = { "fastopen", "plain", "fallback" };
	struct traffic *t;

	if (argc != 2)
		return 2;
	t = read_all(argv[1]);
	putchar('{');
	put_all(t);
	put_programs(t);
	put_guests(t);
	for (int i = 0; i < TRAFFIC_PATHS; i++)
		put_buckets(paths[i], t->times[i].bucket, TRAFFIC_BUCKETS,
			    t->times[i].sum_us);
	put_buckets("ages", t->ages.bucket, TRAFFIC_AGES, t->ages.sum_s);
	printf(", \"saved_us\": %llu, \"close_errors\": [%llu, %llu, %llu]}\n",
	       (unsigned long long)t->saved_us, (unsigned long long)t->close_errors[0],
	       (unsigned long long)t->close_errors[1],
	       (unsigned long long)t->close_errors[2]);
	free(t);
	return 0;
}
