/* SPDX-License-Identifier: MIT */
/* scans: the scanf family, by the names that programs are linked to. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
/* The headers mean another name by the plain ones. */
#define DECLARE(type, own, label, w) \
	int own##f##w##scanf(FILE *f, const type *format, \
			     ...) __asm__(label "f" #w "scanf") MAYBE; \
	int own##w##scanf(const type *format, ...) __asm__(label #w "scanf") MAYBE; \
	int own##vf##w##scanf(FILE *f, const type *format, \
			      va_list args) __asm__(label "vf" #w "scanf") MAYBE; \
	int own##v##w##scanf(const type *format, \
			     va_list args) __asm__(label "v" #w "scanf") MAYBE;
DECLARE(char, plain_, "", )
DECLARE(char, __isoc99_, "__isoc99_", )
DECLARE(char, __isoc23_, "__isoc23_", )
DECLARE(wchar_t, plain_, "", w)
DECLARE(wchar_t, __isoc99_, "__isoc99_", w)
DECLARE(wchar_t, __isoc23_, "__isoc23_", w)

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

#define SCANNERS(type, own, name, w, format) \
	static int by_##own##f##w(FILE *f, int *one, int *two, char *word) \
	{ \
		return own##f##w##scanf(f, format, one, two, word); \
	} \
	FRAGMENT(name##f##w##scanf) \
	{ \
		scans(by_##own##f##w); \
	} \
	static int by_##own##w(FILE *f, int *one, int *two, char *word) \
	{ \
		(void)f; \
		return own##w##scanf(format, one, two, word); \
	} \
	FRAGMENT(name##w##scanf) \
	{ \
		scans_stdin(by_##own##w); \
	} \
	static int list_##own##w(FILE *f, const type *how, ...) \
	{ \
		va_list args; \
		int r; \
		va_start(args, how); \
		r = f ? own##vf##w##scanf(f, how, args) : own##v##w##scanf(how, args); \
		va_end(args); \
		return r; \
	} \
	static int by_##own##vf##w(FILE *f, int *one, int *two, char *word) \
	{ \
		return list_##own##w(f, format, one, two, word); \
	} \
	FRAGMENT(name##vf##w##scanf) \
	{ \
		scans(by_##own##vf##w); \
	} \
	static int by_##own##v##w(FILE *f, int *one, int *two, char *word) \
	{ \
		(void)f; \
		return list_##own##w(NULL, format, one, two, word); \
	} \
	FRAGMENT(name##v##w##scanf) \
	{ \
		scans_stdin(by_##own##v##w); \
	}

SCANNERS(char, plain_, , , "%d %d %15s")
SCANNERS(char, __isoc99_, __isoc99_, , "%d %d %15s")
SCANNERS(char, __isoc23_, __isoc23_, , "%d %d %15s")
SCANNERS(wchar_t, plain_, , w, L"%d %d %15s")
SCANNERS(wchar_t, __isoc99_, __isoc99_, w, L"%d %d %15s")
SCANNERS(wchar_t, __isoc23_, __isoc23_, w, L"%d %d %15s")
