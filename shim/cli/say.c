/* SPDX-License-Identifier: MIT */
/*
 * say: how tfo speaks: one line each, nothing in it that a terminal would obey, words
 * quoted so that they can be pasted. What is said is left to the verbs.
 */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void say_setup(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
			 (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
			return;
}

/*
 * Bytes there that a terminal may obey, or 0: controls, U+0080 to U+009F in UTF-8 too,
 * and what turns the direction of writing or has no width.
 */
static unsigned int obeyed(const char *text)
{
	const unsigned char *u = (const unsigned char *)text;

	if (u[0] == 0xc2 && u[1] >= 0x80 && u[1] < 0xa0)
		return 2;
	if (u[0] == 0xe2 && ((u[1] == 0x80 && u[2] >= 0x8b &&
			      (u[2] < 0x90 || (u[2] >= 0xa8 && u[2] < 0xaf))) ||
			     (u[1] == 0x81 && u[2] >= 0xa0 && u[2] < 0xb0)))
		return 3;
	return u[0] < ' ' || u[0] == 0x7f;
}

void say_clean(char *text)
{
	for (unsigned int n; *text; text += n ? n : 1) {
		n = obeyed(text);
		memset(text, '?', n);
	}
}

/* One write: the lines of several programs may meet on this stderr. */
static void say_line(const char *before, char *said)
{
	char *line;
	int len;

	say_clean(said);
	len = asprintf(&line, "%s%s\n", before, said);
	if (len < 0)
		return;
	/* Should it fail, nobody is left to tell. */
	len = (int)write(STDERR_FILENO, line, (size_t)len);
	free(line);
}

void say_name(FILE *to, const char *name)
{
	for (unsigned int n; *name; name += n ? n : 1) {
		n = obeyed(name);
		putc(n ? '?' : *name, to);
	}
}

void say_error(const char *format, ...)
{
	va_list args;
	char *said;
	int len;

	va_start(args, format);
	len = vasprintf(&said, format, args);
	va_end(args);
	if (len < 0)
		return;
	say_line("tfo: ", said);
	free(said);
}

void say_at(const char *file, unsigned int line, unsigned int column,
	    const char *sentence)
{
	char *said;
	int len;

	if (!line)
		len = asprintf(&said, "%s: %s", file, sentence);
	else if (!column)
		len = asprintf(&said, "%s:%u: %s", file, line, sentence);
	else
		len = asprintf(&said, "%s:%u:%u: %s", file, line, column, sentence);
	if (len < 0)
		return;
	say_line("", said);
	free(said);
}

static void put(void *to, const char *bytes, size_t n)
{
	fwrite(bytes, 1, n, to); /* say_done() tells whether it has arrived */
}

struct sink say_sink(FILE *to)
{
	return (struct sink){ put, to };
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
