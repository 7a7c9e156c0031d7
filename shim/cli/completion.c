/* SPDX-License-Identifier: MIT */
/* completion: what may stand where the cursor of a shell is; see completion.h. */
#include "cli/completion.h"

#include <stdbool.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"

/* Where the cursor is. */
struct place {
	const struct verb *verb;	 /* or a part of it */
	const struct option_row *wanted; /* whose value comes next; NULL: none's */
	int command;			 /* where one begins; 0: none */
	bool is_operand;		 /* "--" has been there */
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void put(FILE *to, const char *before, const char *word, const char *meaning)
{
	fprintf(to, "%s%s\t%.*s\n", before, word, (int)strcspn(meaning, "\n"), meaning);
}

static void put_verbs(FILE *to, const struct verb *const *verbs, const char *typed)
{
	for (; verbs && *verbs; verbs++)
		if (begins((*verbs)->name, typed))
			put(to, "", (*verbs)->name, (*verbs)->summary);
}

static void put_options(FILE *to, const struct option_row *row, const char *typed)
{
	for (; row && row->name; row++)
		if (begins("--", typed) || begins(row->name, typed + 2))
			put(to, "--", row->name, row->means);
	if (begins("--help", typed))
		put(to, "--", "help", "say more");
}

/* "a|b|c": those that fit. Kinds are words, too, but never with '|'. */
static void put_kind(FILE *to, const char *kind, const char *typed)
{
	size_t n;

	if (kind && !strchr(kind, '|')) {
		fprintf(to, ":%s\n", kind);
		return;
	}
	for (; kind && *kind; kind += n + (kind[n] == '|')) {
		n = strcspn(kind, "|");
		if (!strncmp(kind, typed, strlen(typed)) && strlen(typed) <= n)
			fprintf(to, "%.*s\t\n", (int)n, kind);
	}
}

static const struct verb *find(const struct verb *const *verbs, const char *name)
{
	for (; verbs && *verbs; verbs++)
		if (!strcmp((*verbs)->name, name))
			return *verbs;
	return NULL;
}

static const struct option_row *find_option(const struct verb *verb, const char *word)
{
	const struct option_row *row = verb->options;

	for (; row && row->name; row++)
		if (begins(word, "--") ? !strcmp(row->name, word + 2)
				       : row->letter == word[1] && !word[2])
			return row;
	return NULL;
}

/* Over a word that is whole. */
static void step(struct place *at, const char *word, int index)
{
	const struct option_row *row;
	const struct verb *sub;

	if (at->wanted) {
		at->wanted = NULL;
	} else if (!at->is_operand && !strcmp(word, "--")) {
		at->is_operand = true;
	} else if (!at->is_operand && *word == '-') {
		row = find_option(at->verb, word);
		at->wanted = row && row->arg && *row->arg != '[' ? row : NULL;
	} else if (at->verb->operands && !strcmp(at->verb->operands, KIND_COMMAND)) {
		at->command = index;
	} else {
		sub = find(at->verb->subs, word);
		at->verb = sub ? sub : at->verb;
	}
}

void completion_show(FILE *to, const struct verb *const *verbs, int n, char **words)
{
	const char *typed = n ? words[n - 1] : "";
	struct place at = { .verb = n > 1 ? find(verbs, words[0]) : NULL };

	if (n <= 1)
		put_verbs(to, verbs, typed);
	if (!at.verb)
		return;
	for (int i = 1; i < n - 1 && !at.command; i++)
		step(&at, words[i], i + 1);
	if (at.command) {
		fprintf(to, ":command %d\n", at.command);
	} else if (at.wanted) {
		put_kind(to, at.wanted->kind, typed);
	} else if (*typed == '-' && !at.is_operand) {
		put_options(to, at.verb->options, typed);
	} else if (!strcmp(at.verb->name, "help")) {
		put_verbs(to, verbs, typed);
	} else {
		put_verbs(to, at.verb->subs, typed);
		put_kind(to, at.verb->operands, typed);
	}
}
