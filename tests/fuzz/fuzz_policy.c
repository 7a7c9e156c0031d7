/* SPDX-License-Identifier: MIT */
/*
 * fuzz_policy: any bytes as a policy.  What is wrong is told at a place that is there;
 * what is right is printed to something that reads and prints the same, and each
 * address finds the rule that is found by looking at all.
 */
#include <string.h>

#include "core/match.h"
#include "fuzz.h"
#include "naive.h"

#define TARGETS_MOST 24

struct told {
	const char *bytes;
	size_t n;
	unsigned int errors;
};

static size_t line_length(const struct told *t, unsigned int line)
{
	const char *at = t->bytes, *end = at + t->n, *stop;

	for (; line > 1; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		MUST(at);
		at++;
	}
	stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	return (size_t)((stop ? stop : end) - at);
}

static void note(void *to, const char *file, unsigned int line, unsigned int column,
		 const char *sentence)
{
	struct told *t = to;

	t->errors++;
	MUST(!strcmp(file, "fuzz") && line >= 1 && column >= 1);
	MUST(strlen(sentence) >= 10 && strlen(sentence) < 256);
	for (const char *c = sentence; *c; c++)
		MUST((unsigned char)*c >= ' ' || *c == '\t');
	if (t->errors < 100) /* a long file of errors: not all of them */
		MUST(column <= line_length(t, line) + 1);
}

static bool parse(struct policy *p, const char *bytes, size_t n)
{
	struct told t = { bytes, n, 0 };
	struct policy_reader reader = { note, &t };
	bool good = policy_parse(p, "fuzz", bytes, n, &reader);

	MUST(good == !t.errors);
	return good;
}

static void put(void *to, const char *bytes, size_t n)
{
	if (n)
		fwrite(bytes, 1, n, to);
}

static char *print(const struct policy *p, size_t *ret_n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);
	struct sink sink = { put, f };

	MUST(f);
	policy_print(p, &sink);
	fclose(f);
	return text;
}

static void fixed_point(const struct policy *p)
{
	struct policy again = { .rules = { NULL, NULL, 0 } };
	size_t n, m;
	char *first = print(p, &n), *second;

	MUST(parse(&again, first, n));
	MUST(again.rules.n == p->rules.n);
	second = print(&again, &m);
	MUST(n == m && !memcmp(first, second, n));
	policy_drop(&again);
	free(first);
	free(second);
}

static const struct match_self self = { "/usr/bin/curl", 1000, "alice" };

static void ask(const struct policy *p, const struct match *m, const struct addr *to,
		const char *host)
{
	for (int s = SECTION_connect; s <= SECTION_listen; s *= 2) {
		enum rule_section section = (enum rule_section)s;

		MUST(match_find(m, section, to, host) ==
		     naive_find(p, &self, section, to, host));
	}
}

/* At the target's own edges and beside them. */
static void ask_about(const struct policy *p, const struct match *m,
		      const struct scope_target *t)
{
	uint16_t port = t->ports ? t->ports->first : 443;
	char below[300];
	struct addr to = t->net;
	int last = to.version == 4 ? 3 : 15;

	if (t->kind != SCOPE_NET)
		to = (struct addr){ .ip = { 192, 0, 2, 1 }, .version = 4 };
	for (int i = -1; i <= 1; i++) {
		to.port = (uint16_t)(port + i);
		ask(p, m, &to, NULL);
		ask(p, m, &to, t->host);
	}
	to.port = port;
	to.ip[last] ^= 1;
	ask(p, m, &to, NULL);
	to.ip[t->bits / 8 % 16 <= (unsigned int)last ? t->bits / 8 % 16 : 0] ^= 0x80;
	to.port = t->ports ? t->ports->last : 65535;
	snprintf(below, sizeof(below), "a.%s", t->host ? t->host : "example");
	ask(p, m, &to, below);
}

static void questions(struct policy *p)
{
	struct match *m = match_build(p, &self);
	struct addr somewhere = { .ip = { 10, 1, 2, 3 }, .port = 80, .version = 4 };
	unsigned int n = 0;

	MUST(m);
	ask(p, m, &somewhere, "www.example.com");
	for (int s = SECTION_leaks; s <= SECTION_log; s *= 2)
		MUST(match_find(m, (enum rule_section)s, NULL, NULL) ==
		     naive_find(p, &self, (enum rule_section)s, &somewhere, NULL));
	for (const struct rule *r = p->rules.first; r; r = r->next)
		for (const struct scope_target *t = r->targets; t; t = t->next)
			if (n++ < TARGETS_MOST)
				ask_about(p, m, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };

	if (parse(&p, (const char *)bytes, n)) {
		fixed_point(&p);
		questions(&p);
	}
	policy_drop(&p);
	return 0;
}
