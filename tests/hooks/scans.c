/* SPDX-License-Identifier: MIT */
/* scans: the scanf family, by the names that programs are linked to. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __isoc99_fscanf(FILE *f, const char *format, ...) MAYBE;
int __isoc99_scanf(const char *format, ...) MAYBE;
int __isoc99_vfscanf(FILE *f, const char *format, va_list args) MAYBE;
int __isoc99_vscanf(const char *format, va_list args) MAYBE;

/* Two numbers and a word from f, which is stdin for the calls that know no other. */
typedef int scanner(FILE *f, int *one, int *two, char *word);

static void scan(scanner *get, FILE *f)
{
	char word[16] = "-";
	int one = 0, two = 0, r;

	world_owe();
	errno = UNTOUCHED;
	r = get(f, &one, &two, word);
	step("scan", r, errno);
	say("\t\t%d %d %s", one, two, word);
}

static void scans(scanner *get)
{
	struct ends e;
	FILE *f;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    from %s", kind_name(k));
		if (k == KIND_DATAGRAM || k == KIND_UDP || !ends_open(k, true, &e))
			continue;
		f = fdopen(e.near, "r");
		if (!f)
			continue;
		if (write(e.far, "12 -34 word 56 x\n", 17) != 17)
			say("\tfar cannot write");
		scan(get, f);
		scan(get, f);
		close(e.far);
		scan(get, f);
		scan(get, f);
		fclose(f);
	}
}

static int by_fscanf(FILE *f, int *one, int *two, char *word)
{
	return __isoc99_fscanf(f, "%d %d %15s", one, two, word);
}

FRAGMENT(__isoc99_fscanf)
{
	scans(by_fscanf);
}

__attribute__((format(scanf, 2, 3))) static int list(FILE *f, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = f ? __isoc99_vfscanf(f, format, args) : __isoc99_vscanf(format, args);
	va_end(args);
	return r;
}

static int by_vfscanf(FILE *f, int *one, int *two, char *word)
{
	return list(f, "%d %d %15s", one, two, word);
}

FRAGMENT(__isoc99_vfscanf)
{
	scans(by_vfscanf);
}

/* stdin is the descriptor's in a child. */
static void scans_stdin(scanner *get)
{
	struct ends e;

	if (!ends_open(KIND_TCP, true, &e) || write(e.far, "12 -34 word 5 x", 15) != 15)
		return;
	IN_CHILD(dup2(e.near, STDIN_FILENO); scan(get, stdin); close(e.far);
		 shutdown(e.near, SHUT_RDWR); scan(get, stdin); scan(get, stdin));
	ends_close(&e);
}

static int by_scanf(FILE *f, int *one, int *two, char *word)
{
	(void)f;
	return __isoc99_scanf("%d %d %15s", one, two, word);
}

FRAGMENT(__isoc99_scanf)
{
	scans_stdin(by_scanf);
}

static int by_vscanf(FILE *f, int *one, int *two, char *word)
{
	(void)f;
	return list(NULL, "%d %d %15s", one, two, word);
}

FRAGMENT(__isoc99_vscanf)
{
	scans_stdin(by_vscanf);
}
