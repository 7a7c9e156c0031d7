/* SPDX-License-Identifier: MIT */
/* core/match, ports, nets: the same rule as by looking at each, and how fast. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/match.h"
#include "naive.h"
#include "unit.h"

#define RULES 10000
#define QUESTIONS 100000

static uint64_t state = 88172645463325252u;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static void no_error(void *to, const char *file, unsigned int line, unsigned int column,
		     const char *sentence)
{
	(void)to;
	ck_abort_msg("%s:%u:%u: %s", file, line, column, sentence);
}

static const struct policy_reader strict = { no_error, NULL };
static const struct match_self self = { "/usr/bin/checkout", 1000, "alice" };

/* --- random policies and questions ----------------------------------------------- */

static void random_host(char *to, size_t room, bool suffix)
{
	snprintf(to, room, "%s%s%u.%s%u.example", suffix ? "*." : "",
		 any(2) ? "a." : "", any(40), any(3) ? "zone" : "other", any(30));
}

/* Small numbers, so that nets lie within nets; or as in real life. */
static void random_net(char *to, size_t room, bool realistic)
{
	static const unsigned int usual[2][5] = { { 8, 16, 24, 28, 32 },
						  { 32, 48, 56, 64, 128 } };
	struct addr a = { .version = any(3) ? 4 : 6 };
	unsigned int bits = any(a.version == 4 ? 33 : 129);
	TEXT(t, 64);

	if (realistic)
		bits = usual[a.version == 6][any(5)];
	else if (any(2))
		bits = a.version == 4 ? 32 : 128;
	for (int i = 0; i < (a.version == 4 ? 4 : 16); i++)
		a.ip[i] = (uint8_t)any(i < 2 && !realistic ? 4 : 256);
	addr_mask(&a, bits);
	addr_print_host(&t, &a);
	snprintf(to, room, a.version == 4 ? "%s/%u" : "[%s/%u]", t.at, bits);
}

static void random_ports(char *to, size_t room)
{
	unsigned int from = 1 + any(65535), end = from + any(65536 - from);

	switch (any(4)) {
	case 0:
		snprintf(to, room, ":443");
		break;
	case 1:
		snprintf(to, room, ":%u-%u", from, end);
		break;
	case 2:
		snprintf(to, room, ":80,443,%u-%u", from, end);
		break;
	default:
		*to = 0;
	}
}

static void random_rule(FILE *f, bool realistic)
{
	static const char *const who[] = { "",
					   "",
					   " program=checkout",
					   " program=other",
					   " user=alice",
					   " user=1001",
					   " program=/usr/bin/checkout user=1000" };

	fprintf(f, "[%s", any(4) ? "connect" : "listen");
	for (uint32_t n = realistic ? 1 : 1 + any(3); n; n--) {
		char target[300], ports[64];

		if (!any(realistic ? 200 : 6))
			strcpy(target, "*");
		else
			random_net(target, sizeof(target), realistic);
		random_ports(ports, sizeof(ports));
		fprintf(f, " %s%s", target, ports);
	}
	fprintf(f, "%s]\ntfo = on\n\n", realistic ? "" : who[any(7)]);
}

static void random_named_rule(FILE *f)
{
	char target[300], ports[64];

	random_host(target, sizeof(target), !any(3));
	random_ports(ports, sizeof(ports));
	fprintf(f, "[connect %s%s]\nnodelay = on\n", target, ports);
}

static char *random_policy(uint32_t rules, bool realistic, size_t *ret_n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);

	for (uint32_t i = 0; i < rules; i++)
		if (any(3))
			random_rule(f, realistic);
		else
			random_named_rule(f);
	fclose(f);
	return text;
}

static void random_question(struct addr *to, char *host, size_t room)
{
	*to = (struct addr){ .version = any(3) ? 4 : 6 };
	for (int i = 0; i < (to->version == 4 ? 4 : 16); i++)
		to->ip[i] = (uint8_t)any(i < 2 ? 4 : any(2) ? 1 : 256);
	to->port = any(2) ? 443 : (uint16_t)any(65536);
	*host = 0;
	if (any(2))
		random_host(host, room, false);
}

static void same_answers(uint32_t rules, uint32_t questions)
{
	struct policy p = { .rules = { NULL, NULL, 0 } };
	size_t n;
	char *text = random_policy(rules, false, &n);
	struct match *m;
	uint32_t found = 0;

	ck_assert(policy_parse(&p, "random", text, n, &strict));
	m = match_build(&p, &self);
	ck_assert(m);
	for (uint32_t i = 0; i < questions; i++) {
		enum rule_section s = any(4) ? SECTION_connect : SECTION_listen;
		const struct rule *wanted, *got;
		struct addr to;
		char host[300];

		random_question(&to, host, sizeof(host));
		wanted = naive_find(&p, &self, s, &to, *host ? host : NULL);
		got = match_find(m, s, &to, *host ? host : NULL);
		ck_assert_msg(got == wanted, "line %u, not %u", got ? got->line : 0,
			      wanted ? wanted->line : 0);
		found += wanted != NULL;
	}
	if (rules >= 1000)
		ck_assert_uint_gt(found, questions / 20);
	policy_drop(&p);
	free(text);
}

START_TEST(as_by_looking_at_each)
{
	for (uint32_t rules = 0; rules < 60; rules++)
		same_answers(rules, QUESTIONS / 100);
	same_answers(1000, QUESTIONS / 2);
}
END_TEST

/* --- how fast -------------------------------------------------------------------- */

static double now_ms(void)
{
	return (double)unit_cpu_ns() / 1e6;
}

START_TEST(fast)
{
	double load = 1e9, find = 1e9;
	size_t n;
	char *text = random_policy(RULES, true, &n);
	struct addr *to = calloc(4096, sizeof(*to));
	char(*host)[300] = calloc(4096, sizeof(*host));

	for (int i = 0; i < 4096; i++)
		random_question(&to[i], host[i], sizeof(host[i]));
	/* the best of some, of more where others use the machine, too */
	for (int i = 0; i < 7 || (i < 60 && (load > 10 || find > 300)); i++) {
		struct policy p = { .rules = { NULL, NULL, 0 } };
		double began = now_ms(), took;
		struct match *m;
		uintptr_t sum = 0;

		ck_assert(policy_parse(&p, "fast", text, n, &strict));
		m = match_build(&p, &self);
		took = now_ms() - began;
		load = took < load ? took : load;
		ck_assert(m);
		began = now_ms();
		for (int k = 0; k < QUESTIONS; k++)
			sum += (uintptr_t)match_find(m, SECTION_connect, &to[k % 4096],
						     host[k % 4096]);
		took = (now_ms() - began) * 1e6 / QUESTIONS;
		find = took < find ? took : find;
		ck_assert(sum);
		policy_drop(&p);
	}
	printf("# %d rules, %zu bytes: loaded in %.1f ms, found in %.0f ns\n", RULES, n,
	       load, find);
	if (!UNIT_SANITIZED) {
		ck_assert_double_le(load, 10);
		ck_assert_double_le(find, 300);
	}
	free(text);
	free(to);
	free(host);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, as_by_looking_at_each);
	tcase_add_test(c, fast);
}

int main(void)
{
	return unit_run("match", all);
}
