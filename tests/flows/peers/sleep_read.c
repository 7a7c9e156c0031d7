/* SPDX-License-Identifier: MIT */
/* sleep_read: sleeps in libc's own reads of a stream, by every name they have. */
#include "sleep.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <wchar.h>

#define MAYBE __attribute__((weak))
int _IO_getc(FILE *f) MAYBE;
ssize_t __getdelim(char **line, size_t *n, int end, FILE *f) MAYBE;
char *__fgets_chk(char *to, size_t room, int n, FILE *f) MAYBE;
char *__fgets_unlocked_chk(char *to, size_t room, int n, FILE *f) MAYBE;
wchar_t *__fgetws_chk(wchar_t *to, size_t room, int n, FILE *f) MAYBE;
wchar_t *__fgetws_unlocked_chk(wchar_t *to, size_t room, int n, FILE *f) MAYBE;
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f) MAYBE;
size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t n,
			    FILE *f) MAYBE;

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

static char line[64], *heap_line;
static wchar_t wide_line[64];
static size_t heap_room;

static void nothing(void)
{
}

#define WAY(name, call) \
	static void s_##name(void) \
	{ \
		if (!(call)) \
			fail(#name); \
	}

#define SCANS(type, own, name, w, L) \
	static int list_##own##w(FILE *f, const type *how, ...) \
	{ \
		va_list args; \
		int r; \
		va_start(args, how); \
		r = f ? own##vf##w##scanf(f, how, args) : own##v##w##scanf(how, args); \
		va_end(args); \
		return r; \
	} \
	WAY(name##f##w##scanf, own##f##w##scanf(stdin, L##"%c", line) == 1) \
	WAY(name##w##scanf, own##w##scanf(L##"%c", line) == 1) \
	WAY(name##vf##w##scanf, list_##own##w(stdin, L##"%c", line) == 1) \
	WAY(name##v##w##scanf, list_##own##w(NULL, L##"%c", line) == 1)

#undef getc
#undef getc_unlocked
#undef getwc
#undef getwc_unlocked
#undef getwchar
#undef getwchar_unlocked
#undef getchar_unlocked
#undef fread_unlocked
/* By name: the linker warns of them. */
#define NAMED(name) ((char *(*)(char *, size_t))dlsym(RTLD_DEFAULT, name))

WAY(fgetc, fgetc(stdin) > 0)
WAY(fgetc_unlocked, (fgetc_unlocked)(stdin) > 0)
WAY(getc, (getc)(stdin) > 0)
WAY(getc_unlocked, (getc_unlocked)(stdin) > 0)
WAY(_IO_getc, _IO_getc(stdin) > 0)
WAY(getchar_unlocked, (getchar_unlocked)() > 0)
WAY(getw, getw(stdin) > 0)
WAY(gets, NAMED("gets")(line, 64))
WAY(__gets_chk, NAMED("__gets_chk")(line, 64))
WAY(fgets_unlocked, fgets_unlocked(line, 2, stdin))
WAY(__fgets_chk, __fgets_chk(line, 64, 2, stdin))
WAY(__fgets_unlocked_chk, __fgets_unlocked_chk(line, 64, 2, stdin))
WAY(fread_unlocked, (fread_unlocked)(line, 1, 1, stdin) == 1)
WAY(__fread_chk, __fread_chk(line, 64, 1, 1, stdin) == 1)
WAY(__fread_unlocked_chk, __fread_unlocked_chk(line, 64, 1, 1, stdin) == 1)
WAY(getline, getline(&heap_line, &heap_room, stdin) > 0)
WAY(__getdelim, __getdelim(&heap_line, &heap_room, 'x', stdin) > 0)
WAY(fgetwc, fgetwc(stdin) == 'x')
WAY(fgetwc_unlocked, fgetwc_unlocked(stdin) == 'x')
WAY(getwc, getwc(stdin) == 'x')
WAY(getwc_unlocked, getwc_unlocked(stdin) == 'x')
WAY(getwchar, getwchar() == 'x')
WAY(getwchar_unlocked, getwchar_unlocked() == 'x')
WAY(fgetws, fgetws(wide_line, 2, stdin))
WAY(fgetws_unlocked, fgetws_unlocked(wide_line, 2, stdin))
WAY(__fgetws_chk, __fgetws_chk(wide_line, 64, 2, stdin))
WAY(__fgetws_unlocked_chk, __fgetws_unlocked_chk(wide_line, 64, 2, stdin))

SCANS(char, plain_, , , )
SCANS(char, __isoc99_, __isoc99_, , )
SCANS(char, __isoc23_, __isoc23_, , )
SCANS(wchar_t, plain_, , w, L)
SCANS(wchar_t, __isoc99_, __isoc99_, w, L)
SCANS(wchar_t, __isoc23_, __isoc23_, w, L)

#define ROW(name) \
	{ \
#name, s_##name, NULL, NULL, STDIN \
	}
#define ROWS(name, w) \
	ROW(name##f##w##scanf), ROW(name##w##scanf), ROW(name##vf##w##scanf), \
		ROW(name##v##w##scanf)

static const struct way ways[] = {
	ROW(fgetc),
	ROW(fgetc_unlocked),
	ROW(getc),
	ROW(getc_unlocked),
	ROW(_IO_getc),
	ROW(getchar_unlocked),
	ROW(getw),
	ROW(gets),
	ROW(__gets_chk),
	ROW(fgets_unlocked),
	ROW(__fgets_chk),
	ROW(__fgets_unlocked_chk),
	ROW(fread_unlocked),
	ROW(__fread_chk),
	ROW(__fread_unlocked_chk),
	ROW(getline),
	ROW(__getdelim),
	ROW(fgetwc),
	ROW(fgetwc_unlocked),
	ROW(getwc),
	ROW(getwc_unlocked),
	ROW(getwchar),
	ROW(getwchar_unlocked),
	ROW(fgetws),
	ROW(fgetws_unlocked),
	ROW(__fgetws_chk),
	ROW(__fgetws_unlocked_chk),
	ROWS(, ),
	ROWS(, w),
	ROWS(__isoc99_, ),
	ROWS(__isoc99_, w),
	ROWS(__isoc23_, ),
	ROWS(__isoc23_, w),
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), nothing,
			  nothing);
}
