/* SPDX-License-Identifier: MIT */
/* wide: stdio's readers of wide characters. */
#include <stdlib.h>
#include <wchar.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
wchar_t *__fgetws_chk(wchar_t *line, size_t room, int n, FILE *f) MAYBE;
wchar_t *__fgetws_unlocked_chk(wchar_t *line, size_t room, int n, FILE *f) MAYBE;
wint_t getwc_unlocked(FILE *f) MAYBE;
wint_t fgetwc_unlocked(FILE *f) MAYBE;
wint_t getwchar_unlocked(void) MAYBE;
wchar_t *fgetws_unlocked(wchar_t *line, int n, FILE *f) MAYBE;

static wchar_t line[64];

#define LETTERS(name) \
	static void by_##name(FILE *f) \
	{ \
		STEP(name(f)); \
	} \
	FRAGMENT(name) \
	{ \
		streams(by_##name); \
	}

#undef getwc
#undef getwc_unlocked
LETTERS(fgetwc)
LETTERS(fgetwc_unlocked)
LETTERS(getwc)
LETTERS(getwc_unlocked)

static void say_line(const wchar_t *got)
{
	char narrow[64];

	step("line", got ? 1 : 0, errno);
	if (got)
		say_bytes(narrow, (long)wcstombs(narrow, got, sizeof(narrow)));
}

#define LINES(name, call) \
	static void by_##name(FILE *f) \
	{ \
		errno = UNTOUCHED; \
		say_line(call); \
	} \
	FRAGMENT(name) \
	{ \
		streams(by_##name); \
	}

LINES(fgetws, fgetws(line, 8, f))
LINES(fgetws_unlocked, fgetws_unlocked(line, 8, f))
LINES(__fgetws_chk, __fgetws_chk(line, 64, 8, f))
LINES(__fgetws_unlocked_chk, __fgetws_unlocked_chk(line, 64, 8, f))

#define STDIN(name) \
	static void by_##name(void) \
	{ \
		STEP(name()); \
	} \
	FRAGMENT(name) \
	{ \
		stdin_streams(by_##name); \
	}

#undef getwchar
#undef getwchar_unlocked
STDIN(getwchar)
STDIN(getwchar_unlocked)
