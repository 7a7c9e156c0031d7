/* SPDX-License-Identifier: MIT */
/*
 * hooks: files and streams that may wait for somebody else.  stdio reads inside libc,
 * where no hook sees it; so its readers are asked before.
 */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

char *__fgets_chk(char *line, size_t room, int n, FILE *f);
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f);
ssize_t __getdelim(char **line, size_t *n, int end, FILE *f);
int __uflow(FILE *f);
int _IO_getc(FILE *f);
int __isoc99_fscanf(FILE *f, const char *format, ...);
int __isoc99_scanf(const char *format, ...);
int __isoc99_vfscanf(FILE *f, const char *format, va_list args);
int __isoc99_vscanf(const char *format, va_list args);
#pragma GCC visibility pop

#include <poll.h>
#include <sys/stat.h>

#include "core/sys.h"
#include "preload/hooks.h"
#include "preload/pause.h"

/* --- streams
 * --------------------------------------------------------------------------- */

static void before_stream(FILE *f)
{
	__typeof__(&fileno) number;

	if (quiet() || thread_is_calm())
		return;
	number = (__typeof__(number))real_find("fileno");
	if (number && f)
		(void)pause_on(number(f), POLLIN, 0);
}

char *fgets(char *line, int n, FILE *f)
{
	before_stream(f);
	return REAL(fgets)(line, n, f);
}

char *__fgets_chk(char *line, size_t room, int n, FILE *f)
{
	before_stream(f);
	return REAL(__fgets_chk)(line, room, n, f);
}

size_t fread(void *to, size_t size, size_t n, FILE *f)
{
	before_stream(f);
	return REAL(fread)(to, size, n, f);
}

size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f)
{
	before_stream(f);
	return REAL(__fread_chk)(to, room, size, n, f);
}

ssize_t getline(char **line, size_t *n, FILE *f)
{
	before_stream(f);
	return REAL(getline)(line, n, f);
}

ssize_t getdelim(char **line, size_t *n, int end, FILE *f)
{
	before_stream(f);
	return REAL(getdelim)(line, n, end, f);
}

ssize_t __getdelim(char **line, size_t *n, int end, FILE *f)
{
	before_stream(f);
	return REAL(__getdelim)(line, n, end, f);
}

int fgetc(FILE *f)
{
	before_stream(f);
	return REAL(fgetc)(f);
}

#undef getc
int getc(FILE *f)
{
	before_stream(f);
	return REAL(getc)(f);
}

int _IO_getc(FILE *f)
{
	before_stream(f);
	return REAL(_IO_getc)(f);
}

/* What the unlocked macros call when their buffer is empty. */
int __uflow(FILE *f)
{
	before_stream(f);
	return REAL(__uflow)(f);
}

static void before_stdin(void)
{
	if (!quiet() && !thread_is_calm())
		(void)pause_on(0, POLLIN, 0);
}

#undef getchar
int getchar(void)
{
	before_stdin();
	return REAL(getchar)();
}

#define SCAN(first, before, through) \
	va_list args; \
	int r; \
	va_start(args, first); \
	before; \
	r = through; \
	va_end(args); \
	return r

int __isoc99_vfscanf(FILE *f, const char *format, va_list args)
{
	before_stream(f);
	return REAL(__isoc99_vfscanf)(f, format, args);
}

int __isoc99_fscanf(FILE *f, const char *format, ...)
{
	SCAN(format, before_stream(f), REAL(__isoc99_vfscanf)(f, format, args));
}

int __isoc99_vscanf(const char *format, va_list args)
{
	before_stdin();
	return REAL(__isoc99_vscanf)(format, args);
}

int __isoc99_scanf(const char *format, ...)
{
	SCAN(format, before_stdin(), REAL(__isoc99_vscanf)(format, args));
}

/* --- named pipes
 * ----------------------------------------------------------------------- */

/* Opening a FIFO waits for the other end (fifo(7)). */
static void before_open(int directory, const char *path)
{
	struct stat st;

	if (quiet() || !thread_owes())
		return;
	if (!sys4(SYS_newfstatat, directory, path, &st, 0) && S_ISFIFO(st.st_mode))
		pause_before(LINGER_SETTLE_MS);
}

#define OPEN_MODE(last) \
	va_list args; \
	mode_t mode; \
	va_start(args, last); \
	mode = (mode_t)va_arg(args, int); \
	va_end(args)

int open(const char *path, int flags, ...)
{
	OPEN_MODE(flags);
	before_open(AT_FDCWD, path);
	return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	OPEN_MODE(flags);
	before_open(AT_FDCWD, path);
	return REAL(open64)(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	OPEN_MODE(flags);
	before_open(directory, path);
	return REAL(openat)(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
	OPEN_MODE(flags);
	before_open(directory, path);
	return REAL(openat64)(directory, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	before_open(AT_FDCWD, path);
	return REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	before_open(AT_FDCWD, path);
	return REAL(fopen64)(path, mode);
}
