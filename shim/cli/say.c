/* SPDX-License-Identifier: MIT */
/*
 * say: how tfo speaks: one line each, nothing in it that a terminal would obey, words
 * quoted so that they can be pasted. What is said is left to the verbs.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void say_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void say_error(const char *format, ...)
{
	char *said, *line;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&said, format, args);
	va_end(args);
	if (len < 0)
		return;
	say_clean(said);
	/* One write: the lines of several programs may meet on this stderr. */
	len = asprintf(&line, "tfo: %s\n", said);
	free(said);
	if (len < 0)
		return;
	/* Should it fail, nobody is left to tell. */
	len = (int)write(STDERR_FILENO, line, (size_t)len);
	free(line);
}

void say_word(FILE *to, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_@%+=:,./-";
	if (*word && !word[strspn(word, safe)]) {
		fputs(word, to);
		return;
	}
	putc('\'', to);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", to);
		else
			putc(*word, to);
	putc('\'', to);
}

int say_usage(const char *verb, const char *problem)
{
	say_error("%s: %s; see 'tfo help %s'", verb, problem, verb);
	return STATUS_USAGE;
}

int say_bad_option(const char *verb, int answer, char **argv)
{
	const char *wrong = answer == ':' ? "needs a value" : "is no option of it";
	char letter[] = { '-', (char)optopt, '\0' };

	/*
	 * Long options have values past a char: getopt_long() has passed the word then.
	 */
	say_error("%s: '%s' %s; see 'tfo help %s'", verb,
		  optopt > 0 && optopt < 256 ? letter : argv[optind - 1], wrong, verb);
	return STATUS_USAGE;
}

int say_done(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	say_error("the output could not be written: %m");
	return STATUS_SELF;
}
