/* SPDX-License-Identifier: MIT */
/*
 * explain: which rule holds for a connection or a listener, what it comes to, and what
 * would happen. It sends nothing but questions for names, and changes nothing.
 */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/alone.h"
#include "cli/explained.h"
#include "cli/known.h"
#include "cli/options.h"
#include "cli/source.h"
#include "cli/verdict.h"
#include "cli/where.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/match.h"
#include "core/target.h"

struct asked {
	enum rule_section section;
	const char *place, *program, *user, *host, *policy;
	bool json;
};

/* --- what was asked -------------------------------------------------------------- */

enum { PROGRAM, USER, HOST, POLICY, JSON };
static const struct option_row options[] = {
	[PROGRAM] = { "program", 0, "CMD", KIND_PROGRAM,
		      "the program that asks, as 'run' would find it" },
	[USER] = { "user", 0, "USER", KIND_USER, "as whom, by name or number" },
	[HOST] = { "host", 0, "NAME", KIND_HOST,
		   "the name that the program looked the address up by" },
	[POLICY] = { "policy", 0, "PATH", KIND_FILE,
		     "with this policy in place of the one in force" },
	[JSON] = { "json", 0, NULL, NULL, "as JSON" },
	{ 0 },
};

static int parse_options(struct asked *asked, int argc, char **argv)
{
	const char **const texts[] = { &asked->program, &asked->user, &asked->host,
				       &asked->policy };
	int option;

	while ((option = options_next(&explain_verb, argc, argv)) >= 0) {
		if (option == JSON)
			asked->json = true;
		else
			*texts[option] = optarg;
	}
	return option == OPTIONS_BAD ? STATUS_USAGE : STATUS_OK;
}

static int parse(struct asked *asked, int argc, char **argv)
{
	int status = parse_options(asked, argc, argv);
	const char *section = optind < argc ? argv[optind] : "";

	if (status)
		return status;
	if (!strcmp(section, "connect"))
		asked->section = SECTION_connect;
	else if (!strcmp(section, "listen"))
		asked->section = SECTION_listen;
	else
		return say_usage("explain", "shall it be connect or listen?");
	if (optind + 2 != argc)
		return say_usage("explain", "it takes one ADDRESS:PORT");
	asked->place = argv[optind + 1];
	if (asked->host && asked->section == SECTION_listen)
		return say_usage("explain", "a listener has no host name");
	return STATUS_OK;
}

/* The path by which the object knows itself, /proc/self/exe. */
static const char *program_path(const char *program, char ret[PATH_MAX])
{
	struct target target;
	char real[PATH_MAX];

	if (!program)
		return "";
	target_read(program, &target);
	if (target.verdict == TARGET_NOT_FOUND || !realpath(target.path, real))
		return program;
	return strcpy(ret, real);
}

static int find_user(const char *user, uint32_t *ret_uid)
{
	const struct passwd *found;
	char *end;
	unsigned long n;

	*ret_uid = geteuid();
	if (!user)
		return STATUS_OK;
	n = strtoul(user, &end, 10);
	if (*user >= '0' && *user <= '9' && !*end && n < UINT32_MAX) {
		*ret_uid = (uint32_t)n;
		return STATUS_OK;
	}
	if (alone_is()) {
		say_error("%s: a static tfo knows no users by name; give the number",
			  user);
		return STATUS_USAGE;
	}
	found = getpwnam(user);
	if (!found) {
		say_error("there is no user '%s'", user);
		return STATUS_USAGE;
	}
	*ret_uid = found->pw_uid;
	return STATUS_OK;
}

/* --- what is known --------------------------------------------------------------- */

static void look(struct explained *e, struct memory *m)
{
	uint32_t program = memory_program(e->program, strlen(e->program));
	const struct memory_rule rule = known_rule(e->rule);

	e->is_known = memory_view_look(m, &e->at, program, &e->facts);
	memory_ask(m, &e->at, program, &rule, &e->view);
	if (!*e->program)
		e->facts.habit = e->view.habit = HABIT_UNKNOWN;
}

static void explain_one(struct explained *e, const struct match *match,
			struct memory *memory, const char *host)
{
	struct verdict_facts f = { .section = e->section, .at = &e->at };

	e->host = *host ? host : NULL;
	e->rule = match ? match_find(match, e->section, &e->at, e->host) : NULL;
	e->is_bad = !match;
	if (e->section == SECTION_connect) {
		if (memory)
			look(e, memory);
		e->kernel = cookie_ask(&e->at, &e->cookie);
	}
	f.rule = e->rule;
	f.is_bad = e->is_bad;
	f.has_program = *e->program;
	f.memory = e->is_other_user ? NULL : &e->view;
	f.kernel = e->kernel;
	f.cookie = &e->cookie;
	e->word = verdict_of(&f, &e->sentence);
}

struct telling {
	const struct asked *asked;
	const struct where *where;
	struct match_self self;
	struct policy policy;
	const struct match *match; /* NULL: the policy has errors */
	char host[256];
};

static void explain_all(struct telling *t)
{
	struct json_object *all = t->asked->json ? json_object_new_array() : NULL;
	struct memory *memory = NULL;
	bool is_other_user = t->self.uid != geteuid() && !getenv("TFOSHIM_STATE");
	bool is_none;
	TEXT(why, PATH_MAX + 128);

	if (is_other_user)
		text_str(&why, "another user's: set TFOSHIM_STATE to look at it");
	else
		memory = known_read(&why, &is_none);
	for (unsigned int i = 0; i < t->where->n; i++) {
		struct explained e = { .section = t->asked->section };
		char room[512] = "";

		e.at = t->where->at[i];
		e.program = t->self.program;
		e.uid = t->self.uid;
		e.user = t->self.user_name;
		e.is_other_user = is_other_user;
		e.no_memory = memory ? NULL : why.at;
		e.sentence = (struct text){ room, 0, sizeof(room) };
		explain_one(&e, t->match, memory, t->host);
		if (all)
			json_object_array_add(all, explained_json(&e));
		else
			explained_show(&e, i > 0);
	}
	if (all)
		json_show(all);
	free(memory);
}

/* --- the verb -------------------------------------------------------------------- */

static int find_place(struct telling *t, struct where *where)
{
	const struct asked *asked = t->asked;
	bool listen = asked->section == SECTION_listen;
	int status = where_find("explain", asked->place, listen, where);

	if (status)
		return status;
	t->where = where;
	if (!listen && !where_host(asked->host ? asked->host : where->host, t->host))
		return say_usage("explain", "no host name is as long as that");
	return find_user(asked->user, &t->self.uid);
}

static int explain_main(int argc, char **argv)
{
	struct asked asked = { 0 };
	struct telling t = { .asked = &asked };
	struct where where;
	char program[PATH_MAX];
	const char *path;
	bool must_exist = true;
	unsigned int errors;
	int status = parse(&asked, argc, argv);
	TEXT(user, 64);

	if (!status)
		status = find_place(&t, &where);
	if (status)
		return status;
	t.self.program = program_path(asked.program, program);
	if (files_user_name(t.self.uid, &user))
		t.self.user_name = user.at;
	path = asked.policy ? asked.policy : source_in_force(&must_exist);
	errors = source_read(&t.policy, path, must_exist);
	if (!errors)
		t.match = match_build(&t.policy, &t.self);
	explain_all(&t);
	policy_drop(&t.policy);
	return say_done(errors ? STATUS_FINDING : STATUS_OK);
}

const struct verb explain_verb = {
	.name = "explain",
	.synopsis = "connect|listen ADDRESS:PORT [OPTION...]",
	.summary = "which rule holds for a connection, and what would happen",
	.details =
		"ADDRESS may be a host name, or * for a listener; [ADDRESS]:PORT for "
		"IPv6.\n",
	.options = options,
	.operands = "connect|listen",
	.status = "Exit status: 0 done, 1 the policy has errors or the name is not "
		  "known,\n"
		  "2 bad usage.\n",
	.main = explain_main,
};
