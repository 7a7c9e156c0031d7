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
#define NAMED(name) \
	((char *(*)(char *))dlsym(RTLD_DEFAULT, name)) /* the linker warns */

#define WAYS(way) \
	way(fgetc, fgetc(stdin) > 0) way(fgetc_unlocked, (fgetc_unlocked)(stdin) > 0) way( \
		getc, \
		(getc)(stdin) > \
			0) way(getc_unlocked, \
			       (getc_unlocked)(stdin) > \
				       0) way(_IO_getc, \
					      _IO_getc(stdin) > \
						      0) way(getchar_unlocked, \
							     (getchar_unlocked)() > 0) \
		way(getw, getw(stdin) > 0) way(gets, NAMED("gets")(line)) way( \
			__gets_chk, \
			((char *(*)(char *, size_t))(void *)NAMED("__gets_chk"))( \
				line, sizeof(line))) way(fgets_unlocked, \
							 fgets_unlocked(line, 2, \
									stdin)) \
			way(__fgets_chk, __fgets_chk(line, 64, 2, stdin)) way( \
				__fgets_unlocked_chk, \
				__fgets_unlocked_chk( \
					line, 64, \
					2, stdin)) way(fread_unlocked, \
						       (fread_unlocked)(line, 1, 1, stdin) == \
							       1) \
				way(__fread_chk, __fread_chk(line, 64, 1, 1, stdin) == 1) way( \
					__fread_unlocked_chk, \
					__fread_unlocked_chk(line, 64, 1, 1, stdin) == \
						1) way(getline, \
						       getline(&heap_line, &heap_room, \
							       stdin) > \
							       0) way(__getdelim, \
								      __getdelim(&heap_line, \
										 &heap_room, \
										 'x', stdin) > \
									      0) \
					way(fgetwc, fgetwc(stdin) == 'x') way( \
						fgetwc_unlocked, \
						fgetwc_unlocked(stdin) == \
							'x') way(getwc, \
								 getwc(stdin) == \
									 'x') way(getwc_unlocked, \
										  getwc_unlocked( \
											  stdin) == \
											  'x') \
						way(getwchar, getwchar() == 'x') way( \
							getwchar_unlocked, \
							getwchar_unlocked() == \
								'x') way(fgetws, \
									 fgetws( \
										 wide_line, \
										 2, \
										 stdin)) \
							way(fgetws_unlocked, \
							    fgetws_unlocked( \
								    wide_line, 2, \
								    stdin)) \
								way(__fgetws_chk, \
								    __fgetws_chk( \
									    wide_line, \
									    64, 2, \
									    stdin)) \
									way(__fgetws_unlocked_chk, \
									    __fgetws_unlocked_chk( \
										    wide_line, \
										    64, \
										    2, \
										    stdin))
WAYS(WAY)
SCANS(char, plain_, , , )
SCANS(char, __isoc99_, __isoc99_, , )
SCANS(char, __isoc23_, __isoc23_, , )
SCANS(wchar_t, plain_, , w, L)
SCANS(wchar_t, __isoc99_, __isoc99_, w, L)
SCANS(wchar_t, __isoc23_, __isoc23_, w, L)

#define ROW(name, call) { #name, s_##name, NULL, NULL, STDIN },
#define SCAN_ROWS(name, w) \
	ROW(name##f##w##scanf, ) \
	ROW(name##w##scanf, ) ROW(name##vf##w##scanf, ) ROW(name##v##w##scanf, )

static const struct way ways[] = { WAYS(ROW) SCAN_ROWS(, ) SCAN_ROWS(__isoc99_, )
					   SCAN_ROWS(__isoc23_, ) SCAN_ROWS(, w)
						   SCAN_ROWS(__isoc99_, w)
							   SCAN_ROWS(__isoc23_, w) };

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), nothing,
			  nothing);
}
