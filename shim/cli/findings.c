/* SPDX-License-Identifier: MIT */
/* findings: the lines that doctor prints, and what they add up to; see findings.h. */
#include "cli/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct {
	const char *word, *colour;
} levels[] = {
	[LEVEL_OK] = { "ok  ", "\033[32m" },
	[LEVEL_WARN] = { "warn", "\033[33m" },
	[LEVEL_FAIL] = { "fail", "\033[31m" },
};

/* See no-color.org. */
void findings_begin(struct findings *findings)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	memset(findings, 0, sizeof(*findings));
	findings->colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour) &&
			   terminal && strcmp(terminal, "dumb");
}

void findings_tell(struct findings *findings, enum level level, const char *name,
		   const char *remedy, const char *format, ...)
{
	bool colour = findings->colour;
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
	printf("%s%s%s %s: %s", colour ? levels[level].colour : "", levels[level].word,
	       colour ? "\033[0m" : "", name, fact);
	free(fact);
	if (remedy)
		printf("; remedy: %s", remedy);
	putchar('\n');
	fflush(stdout);
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

int findings_end(const struct findings *findings)
{
	say_side("clients", findings->no_client);
	say_side("; servers", findings->no_server);
	putchar('\n');
	return findings->failed || findings->no_client || findings->no_server;
}

const char *findings_paste(char *ret_text, size_t size, const char *pattern,
			   const char *word)
{
	FILE *to = fmemopen(ret_text, size, "w");

	if (!to)
		return NULL;
	for (; *pattern; pattern++)
		if (*pattern == '@')
			say_word(to, word);
		else
			putc(*pattern, to);
	fclose(to);
	ret_text[size - 1] = '\0';
	say_clean(ret_text);
	return ret_text;
}
