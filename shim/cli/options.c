/* SPDX-License-Identifier: MIT */
/* options: the options of a verb, as a table; see options.h. */
#include "cli/options.h"

#include <stdbool.h>
#include <string.h>

#include "cli/cli.h"

#define MOST 24
#define LONG 256 /* past a char: see say_bad_option() */

static int has_arg(const struct option_row *row)
{
	if (!row->arg)
		return no_argument;
	return *row->arg == '[' ? optional_argument : required_argument;
}

static int find_letter(const struct option_row *rows, int letter)
{
	for (int i = 0; i < MOST && rows[i].name; i++)
		if (rows[i].letter == letter)
			return i;
	return OPTIONS_BAD;
}

/* ':' for a value; '+' first where the words of a command follow; see getopt(3). */
static void spell_letters(const struct option_row *rows, bool command,
			  char ret_letters[3 * MOST + 3])
{
	char *to = ret_letters;

	if (command)
		*to++ = '+';
	*to++ = ':';
	for (int i = 0; i < MOST && rows[i].name; i++) {
		if (!rows[i].letter)
			continue;
		*to++ = rows[i].letter;
		for (int n = has_arg(&rows[i]); n; n--)
			*to++ = ':'; /* two: it need not be there */
	}
	*to = '\0';
}

int options_next(const struct verb *verb, int argc, char **argv)
{
	static const struct option_row none[] = { { 0 } };
	const struct option_row *rows = verb->options ? verb->options : none;
	bool command = verb->operands && !strcmp(verb->operands, KIND_COMMAND);
	struct option longs[MOST + 1] = { { NULL, 0, NULL, 0 } };
	char letters[3 * MOST + 3];
	int answer;

	for (int i = 0; i < MOST && rows[i].name; i++)
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = has_arg(&rows[i]),
			.val = LONG + i,
		};
	spell_letters(rows, command, letters);
	answer = getopt_long(argc, argv, letters, longs, NULL);
	if (answer == -1)
		return OPTIONS_END;
	if (answer >= LONG)
		return answer - LONG;
	if (answer != '?' && answer != ':')
		return find_letter(rows, answer);
	say_bad_option(verb->of ? verb->of : verb->name, answer, argv);
	return OPTIONS_BAD;
}

/* --- help ----------------------------------------------------------------------------
 */

/* "--name ARG", "--name[=ARG]" */
static int width_of(const struct option_row *row)
{
	const char *arg = row->arg ? row->arg : "";

	return (int)(strlen(row->name) + strlen(arg) +
		     (has_arg(row) == required_argument));
}

static void show_row(FILE *to, const struct option_row *row, int width)
{
	const char *line = row->means;
	size_t n = strcspn(line, "\n");

	if (row->letter)
		fprintf(to, "  -%c, ", row->letter);
	else
		fputs("      ", to);
	fprintf(to, "--%s%s%s%*s  %.*s\n", row->name,
		has_arg(row) == required_argument ? " " : "", row->arg ? row->arg : "",
		width - width_of(row), "", (int)n, line);
	while (line[n]) {
		line += n + 1;
		n = strcspn(line, "\n");
		fprintf(to, "%*s%.*s\n", width + 10, "", (int)n, line);
	}
}

void options_show(FILE *to, const struct option_row *rows)
{
	int width = 0;

	for (int i = 0; rows[i].name; i++)
		if (width_of(&rows[i]) > width)
			width = width_of(&rows[i]);
	for (int i = 0; rows[i].name; i++)
		show_row(to, &rows[i], width);
}
