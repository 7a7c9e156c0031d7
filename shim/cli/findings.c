/* SPDX-License-Identifier: MIT */
/* findings: the lines that doctor prints, and what they add up to; see findings.h. */
#include "cli/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/paint.h"

static const struct {
	const char *word;
	enum paint colour;
} levels[] = {
	[LEVEL_OK] = { "ok", PAINT_GOOD },
	[LEVEL_WARN] = { "warn", PAINT_WARN },
	[LEVEL_FAIL] = { "fail", PAINT_BAD },
};

void findings_begin(struct findings *findings, bool json)
{
	memset(findings, 0, sizeof(*findings));
	if (!json)
		return;
	findings->all = json_object_new_object();
	findings->checks = json_object_new_array();
}

void findings_put(struct findings *findings, const char *name,
		  struct json_object *value)
{
	if (findings->all)
		json_object_object_add(findings->all, name, value);
	else
		json_object_put(value);
}

static void put_check(struct findings *findings, enum level level, const char *name,
		      const char *fact)
{
	struct json_object *check = json_object_new_object();

	json_object_object_add(check, "name", json_text(name));
	json_object_object_add(check, "level", json_text(levels[level].word));
	json_object_object_add(check, "fact", json_text(fact));
	findings->last = json_object_new_array();
	json_object_object_add(check, "remedies", findings->last);
	json_object_array_add(findings->checks, check);
}

void findings_tell(struct findings *findings, enum level level, const char *name,
		   const char *format, ...)
{
	va_list args;
	char *fact;
	int len;

	if (level == LEVEL_FAIL)
		findings->failed = true;
	va_start(args, format);
	len = vasprintf(&fact, format, args);
	va_end(args);
	if (len < 0)
		return;
	say_clean(fact);
	if (findings->all) {
		put_check(findings, level, name, fact);
	} else {
		printf("%s%-4s%s %s: %s\n", paint(levels[level].colour),
		       levels[level].word, paint(PAINT_NONE), name, fact);
		fflush(stdout);
	}
	free(fact);
}

static char *fill_in(const char *pattern, const char *word)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (; *pattern; pattern++)
		if (*pattern == '@' && word)
			say_word(to, word);
		else
			putc(*pattern, to);
	if (fclose(to))
		return NULL;
	say_clean(text);
	return text;
}

void findings_mend(struct findings *findings, const char *when, const char *pattern,
		   const char *word)
{
	char *command = fill_in(pattern, word);
	struct json_object *remedy;

	if (!command)
		return;
	if (findings->all) {
		remedy = json_object_new_object();
		json_object_object_add(remedy, "when", json_text(when));
		json_object_object_add(remedy, "command", json_text(command));
		json_object_array_add(findings->last, remedy);
	} else {
		if (when)
			printf("     %s:\n", when);
		printf("         %s%s%s\n", paint(PAINT_STRONG), command,
		       paint(PAINT_NONE));
	}
	free(command);
}

void findings_deny_client(struct findings *findings, const char *why)
{
	if (!findings->no_client)
		findings->no_client = why;
}

void findings_deny_server(struct findings *findings, const char *why)
{
	if (!findings->no_server)
		findings->no_server = why;
}

void findings_deny_both(struct findings *findings, const char *why)
{
	findings_deny_client(findings, why);
	findings_deny_server(findings, why);
}

static void say_side(const char *side, const char *why_not)
{
	if (why_not)
		printf("%s: no (%s)", side, why_not);
	else
		printf("%s: yes", side);
}

static void put_side(struct findings *findings, const char *side, const char *why_not)
{
	struct json_object *to = json_object_new_object();

	json_object_object_add(to, "gain", json_object_new_boolean(!why_not));
	json_object_object_add(to, "why_not", json_text(why_not));
	json_object_object_add(findings->all, side, to);
}

int findings_end(struct findings *findings)
{
	if (findings->all) {
		put_side(findings, "clients", findings->no_client);
		put_side(findings, "servers", findings->no_server);
		json_object_object_add(findings->all, "checks", findings->checks);
		json_show(findings->all);
	} else {
		say_side("clients", findings->no_client);
		say_side("; servers", findings->no_server);
		putchar('\n');
	}
	return findings->failed || findings->no_client || findings->no_server;
}
