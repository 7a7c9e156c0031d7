/* SPDX-License-Identifier: MIT */
/* sleep_stdio: sleeps inside libc: its streams, and commands it runs. */
#include "sleep.h"

#include <wordexp.h>

static void make_pipes(void)
{
	dup2(0, 3); /* for the command that popen() gives another stdin */
}

static void no_more(void)
{
}

static void s_getchar(void)
{
	if (getchar() < 0)
		fail("getchar");
}

static void s_fgets(void)
{
	char line[10];
	if (!fgets(line, 2, stdin))
		fail("fgets");
}

static void s_getline(void)
{
	char *line = NULL;
	size_t room = 0;

	one_byte(getdelim(&line, &room, 'x', stdin));
}

static void s_fread(void)
{
	char c;

	one_byte((ssize_t)fread(&c, 1, 1, stdin));
}

static void s_scanf(void)
{
	char c;

	one_byte(scanf("%c", &c));
}

/* The macro. */
static void s_uflow(void)
{
	if (getc_unlocked(stdin) < 0)
		fail("getc_unlocked");
}

static void s_system(void)
{
	if (system("head -c1 >/dev/null"))
		fail("system");
}

static void s_wordexp(void)
{
	wordexp_t words;

	if (wordexp("$(head -c1)", &words, 0))
		fail("wordexp");
}

static void s_getpass(void)
{
	if (!getpass(""))
		fail("getpass");
}

static void s_pclose(void)
{
	FILE *f = popen("head -c1 <&3 >/dev/null", "w");

	pclose(f);
}

static void s_popen_read(void)
{
	FILE *f = popen("head -c1", "r");

	if (getc(f) < 0)
		fail("getc");
	pclose(f);
}

static const struct way ways[] = {
	{ "getchar", s_getchar, NULL, NULL, STDIN },
	{ "fgets", s_fgets, NULL, NULL, STDIN },
	{ "getdelim", s_getline, NULL, NULL, STDIN },
	{ "fread", s_fread, NULL, NULL, STDIN },
	{ "__isoc99_scanf", s_scanf, NULL, NULL, STDIN },
	{ "__uflow", s_uflow, NULL, NULL, STDIN },
	{ "system", s_system, NULL, NULL, STDIN },
	{ "popen", s_popen_read, NULL, NULL, STDIN },
	{ "wordexp", s_wordexp, NULL, NULL, STDIN },
	{ "getpass", s_getpass, NULL, NULL, STDIN },
	{ "pclose", s_pclose, NULL, NULL, STDIN },
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_pipes,
			  no_more);
}
