/* SPDX-License-Identifier: MIT */
/*
 * policy: reads policies as a program under the object would, and says what is wrong
 * with them (check), or what they come to (show).
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/keys.h"
#include "cli/lint.h"
#include "cli/options.h"
#include "cli/source.h"

/* --- check ----------------------------------------------------------------------- */

static const char *plural(unsigned int n)
{
	return n == 1 ? "" : "s";
}

static void sum_up(const char *path, bool is_there, unsigned int rules,
		   unsigned int errors, unsigned int warnings)
{
	say_name(stdout, path);
	if (errors)
		printf(": %u error%s\n", errors, plural(errors));
	else if (!is_there)
		puts(": not there, so the defaults hold");
	else if (warnings)
		printf(": %u rule%s, %u warning%s\n", rules, plural(rules), warnings,
		       plural(warnings));
	else
		printf(": %u rule%s, good\n", rules, plural(rules));
}

/* The number of errors. */
static unsigned int check(const char *path, bool must_exist, bool quiet)
{
	struct policy p = { .arena = { NULL, 0 } };
	unsigned int errors = source_read(&p, path, must_exist), warnings = 0;

	if (!errors) /* a section in which something was wrong says less than it should
		      */
		warnings = lint_policy(&p);
	if (!quiet)
		sum_up(path, must_exist || !access(path, F_OK), p.rules.n, errors,
		       warnings);
	policy_drop(&p);
	return errors;
}

static const struct verb check_verb;

static int check_main(int argc, char **argv)
{
	bool quiet = false, must_exist;
	unsigned int errors = 0;
	int option;

	while ((option = options_next(&check_verb, argc, argv)) >= 0)
		quiet = true;
	if (option == OPTIONS_BAD)
		return STATUS_USAGE;
	if (optind == argc) {
		const char *path = source_in_force(&must_exist);

		errors = check(path, must_exist, quiet);
	}
	for (; optind < argc; optind++)
		errors += check(argv[optind], true, quiet);
	return say_done(errors ? STATUS_FINDING : STATUS_OK);
}

static const struct option_row check_options[] = {
	{ "quiet", 'q', NULL, NULL, "errors and warnings only, no summary" },
	{ 0 },
};

static const struct verb check_verb = {
	.name = "check",
	.of = "policy",
	.synopsis = "[-q] [PATH...]",
	.summary = "every error as file:line:column: sentence; each PATH by itself",
	.options = check_options,
	.operands = KIND_FILE,
	.main = check_main,
};

/* --- show ------------------------------------------------------------------------ */

struct showing {
	bool json, plain, defaults;
};

static void show_place(const struct rule *r)
{
	fputs("# ", stdout);
	say_name(stdout, r->file);
	printf(":%u\n", r->line);
}

static void show_text(const struct policy *p, const struct showing *how)
{
	const struct sink out = say_sink(stdout);

	for (const struct rule *r = p->rules.first; r; r = r->next) {
		if (r != p->rules.first)
			putchar('\n');
		if (!how->plain)
			show_place(r);
		rule_print(r, &out);
	}
	if (!how->defaults)
		return;
	if (p->rules.first)
		putchar('\n');
	keys_show_defaults();
}

static struct json_object *json_targets(const struct rule *r)
{
	struct json_object *all = json_object_new_array();

	for (const struct scope_target *t = r->targets; t; t = t->next) {
		char *text = NULL;
		size_t n;
		FILE *to = open_memstream(&text, &n);
		const struct sink sink = say_sink(to);

		if (!to)
			break;
		scope_target_print(&sink, t);
		fclose(to);
		json_object_array_add(all, json_text(text));
		free(text);
	}
	return all;
}

static struct json_object *json_names(const struct scope_who *w)
{
	struct json_object *all = json_object_new_array();

	for (; w; w = w->next)
		json_object_array_add(all, json_text(w->name));
	return all;
}

static struct json_object *json_rule(const struct rule *r)
{
	struct json_object *rule = json_object_new_object();
	struct json_object *keys = json_object_new_object();
	TEXT(room, 96);

	for (const struct rule_setting *s = r->settings; s; s = s->next)
		json_object_object_add(
			keys, rule_about(s->key)->name,
			json_text(keys_value(s->key, s->value, s->text, &room)));
	json_object_object_add(rule, "section",
			       json_text(rule_section_name(r->section)));
	json_object_object_add(rule, "file", json_text(r->file));
	json_object_object_add(rule, "line", json_object_new_int64(r->line));
	json_object_object_add(rule, "targets", json_targets(r));
	json_object_object_add(rule, "programs", json_names(r->programs));
	json_object_object_add(rule, "users", json_names(r->users));
	json_object_object_add(rule, "keys", keys);
	return rule;
}

static void show_json(const struct policy *p, const struct showing *how)
{
	struct json_object *all = json_object_new_object();
	struct json_object *rules = json_object_new_array();

	for (const struct rule *r = p->rules.first; r; r = r->next)
		json_object_array_add(rules, json_rule(r));
	json_object_object_add(all, "rules", rules);
	if (how->defaults)
		json_object_object_add(all, "defaults", keys_json_defaults());
	json_show(all);
}

/* The number of errors in all of them. */
static unsigned int read_all(struct policy *p, int argc, char **argv)
{
	unsigned int errors = 0;
	bool must_exist;

	if (optind == argc) {
		const char *path = source_in_force(&must_exist);

		return source_read(p, path, must_exist);
	}
	for (; optind < argc; optind++)
		errors += source_read(p, argv[optind], true);
	return errors;
}

enum { PLAIN, DEFAULTS, JSON };
static const struct option_row show_options[] = {
	[PLAIN] = { "plain", 0, NULL, NULL,
		    "without the comments that say where a rule stands:\n"
		    "shown again, it is the same to the byte" },
	[DEFAULTS] = { "defaults", 0, NULL, NULL,
		       "also what holds where no rule says anything" },
	[JSON] = { "json", 0, NULL, NULL, "as JSON" },
	{ 0 },
};

static const struct verb show_verb;

static int show_main(int argc, char **argv)
{
	struct policy p = { .arena = { NULL, 0 } };
	struct showing how = { false, false, false };
	unsigned int errors;
	int option;

	while ((option = options_next(&show_verb, argc, argv)) >= 0) {
		how.json |= option == JSON;
		how.plain |= option == PLAIN;
		how.defaults |= option == DEFAULTS;
	}
	if (option == OPTIONS_BAD)
		return STATUS_USAGE;
	errors = read_all(&p, argc, argv);
	if (!errors && how.json)
		show_json(&p, &how);
	else if (!errors)
		show_text(&p, &how);
	policy_drop(&p);
	return say_done(errors ? STATUS_FINDING : STATUS_OK);
}

static const struct verb show_verb = {
	.name = "show",
	.of = "policy",
	.synopsis = "[OPTION...] [PATH...]",
	.summary = "the rules in their order, as a policy again; several PATHs as one",
	.options = show_options,
	.operands = KIND_FILE,
	.main = show_main,
};

/* --- keys: for the build --------------------------------------------------------- */

static int keys_main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--mdoc"))
		return say_usage("policy", "'keys' takes --mdoc");
	keys_show_mdoc();
	return say_done(STATUS_OK);
}

/* --- the verb -------------------------------------------------------------------- */

static const struct verb *const parts[] = { &check_verb, &show_verb, NULL };

static int policy_main(int argc, char **argv)
{
	if (argc < 2)
		return say_usage("policy", "shall it check or show?");
	for (size_t i = 0; parts[i]; i++)
		if (!strcmp(argv[1], parts[i]->name))
			return parts[i]->main(argc - 1, argv + 1);
	if (!strcmp(argv[1], "keys"))
		return keys_main(argc - 1, argv + 1);
	say_error("policy: '%s' is neither check nor show; see 'tfo help policy'",
		  argv[1]);
	return STATUS_USAGE;
}

const struct verb policy_verb = {
	.name = "policy",
	.synopsis = "check [-q] [PATH...] | show [OPTION...] [PATH...]",
	.summary = "read policies: what is wrong with them, what they come to",
	.details = "PATH is a file, or a directory with *.policy in it. Without one "
		   "it is\n"
		   "what holds here: TFOSHIM_POLICY, or the directory of the system.\n",
	.status = "Exit status: 0 no errors (warnings do not count), 1 errors, "
		  "2 bad usage.\n",
	.subs = parts,
	.main = policy_main,
};
