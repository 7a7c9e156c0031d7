/* SPDX-License-Identifier: MIT */
/*
 * hooks: the scanf family reads inside libc.  Each of its calls has three names, one
 * per edition of C that the program was compiled for; all go by the list of arguments.
 */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define SCANNERS_OF(type, own, w) \
	int own##f##w##scanf(FILE *f, const type *format, ...); \
	int own##w##scanf(const type *format, ...); \
	int own##vf##w##scanf(FILE *f, const type *format, va_list args); \
	int own##v##w##scanf(const type *format, va_list args);
/* The headers mean another name by the plain ones. */
#define PLAIN_OF(type, w) \
	int plain_f##w##scanf(FILE *f, const type *format, \
			      ...) __asm__("f" #w "scanf"); \
	int plain_##w##scanf(const type *format, ...) __asm__(#w "scanf"); \
	int plain_vf##w##scanf(FILE *f, const type *format, \
			       va_list args) __asm__("vf" #w "scanf"); \
	int plain_v##w##scanf(const type *format, va_list args) __asm__("v" #w "scan" \
									"f");
SCANNERS_OF(char, __isoc99_, )
SCANNERS_OF(char, __isoc23_, )
SCANNERS_OF(wchar_t, __isoc99_, w)
SCANNERS_OF(wchar_t, __isoc23_, w)
PLAIN_OF(char, )
PLAIN_OF(wchar_t, w)
#pragma GCC visibility pop

#include "preload/hooks.h"
#include "preload/hooks_file.h"

#define BY(own, hook) ((__typeof__(&own))real_get(HOOK_##hook))

#define SCAN(before, through) \
	va_list args; \
	int r; \
	va_start(args, format); \
	before; \
	r = through; \
	va_end(args); \
	return r

#define SCANNERS(type, own, name, w) \
	int own##vf##w##scanf(FILE *f, const type *format, va_list args) \
	{ \
		file_before_read(f); \
		return BY(own##vf##w##scanf, name##vf##w##scanf)(f, format, args); \
	} \
	int own##f##w##scanf(FILE *f, const type *format, ...) \
	{ \
		SCAN(file_before_read(f), \
		     BY(own##vf##w##scanf, name##vf##w##scanf)(f, format, args)); \
	} \
	int own##v##w##scanf(const type *format, va_list args) \
	{ \
		file_before_stdin(); \
		return BY(own##v##w##scanf, name##v##w##scanf)(format, args); \
	} \
	int own##w##scanf(const type *format, ...) \
	{ \
		SCAN(file_before_stdin(), \
		     BY(own##v##w##scanf, name##v##w##scanf)(format, args)); \
	}

SCANNERS(char, plain_, , )
SCANNERS(char, __isoc99_, __isoc99_, )
SCANNERS(char, __isoc23_, __isoc23_, )
SCANNERS(wchar_t, plain_, , w)
SCANNERS(wchar_t, __isoc99_, __isoc99_, w)
SCANNERS(wchar_t, __isoc23_, __isoc23_, w)
