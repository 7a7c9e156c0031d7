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
#include <unistd.h>
#include <wchar.h>

char *__fgets_chk(char *line, size_t room, int n, FILE *f);
char *__fgets_unlocked_chk(char *line, size_t room, int n, FILE *f);
wchar_t *__fgetws_chk(wchar_t *line, size_t room, int n, FILE *f);
wchar_t *__fgetws_unlocked_chk(wchar_t *line, size_t room, int n, FILE *f);
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f);
size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t n, FILE *f);
ssize_t __getdelim(char **line, size_t *n, int end, FILE *f);
char *__gets_chk(char *line, size_t room);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
int __uflow(FILE *f);
int _IO_getc(FILE *f);
char *gets(char *line);
#pragma GCC visibility pop

#include <poll.h>
#include <sys/stat.h>

#include "core/sys.h"
#include "preload/death.h"
#include "preload/debt.h"
#include "preload/hooks.h"
#include "preload/hooks_file.h"
#include "preload/hooks_sleep.h"
#include "preload/pause.h"

/* --- streams --------------------------------------------------------------------- */

/* Is there anything that a read by this thread, on any descriptor, could touch? */
static bool touches(void)
{
	return !quiet() && (!thread_is_calm() ||
			    atomic_load_explicit(&slot_deferred, memory_order_relaxed));
}

static void before_number(int fd)
{
	debt_materialize(fd);
	if (!thread_is_calm())
		(void)pause_on(fd, POLLIN, 0);
}

static int number_of(FILE *f)
{
	static _Atomic(void *) found; /* these calls are many */
	void *number = atomic_load_explicit(&found, memory_order_relaxed);

	if (!number) {
		number = real_find("fileno_unlocked");
		number = number ? number : real_find("fileno");
		atomic_store_explicit(&found, number, memory_order_relaxed);
	}
	return number && f ? ((__typeof__(&fileno))number)(f) : -1;
}

void file_before_read(FILE *f)
{
	int fd = touches() ? number_of(f) : -1;

	if (fd >= 0)
		before_number(fd);
}

void file_before_stdin(void)
{
	if (touches())
		before_number(0);
}

#define READER(type, name, params, args) \
	type name params \
	{ \
		file_before_read(f); \
		return REAL(name) args; \
	}

#undef getc
#undef getc_unlocked
#undef fread_unlocked
#undef getwc
#undef getwc_unlocked
READER(char *, fgets, (char *line, int n, FILE *f), (line, n, f))
SAME_AS(_IO_fgets, fgets);
READER(char *, fgets_unlocked, (char *line, int n, FILE *f), (line, n, f))
READER(char *, __fgets_chk, (char *line, size_t room, int n, FILE *f),
       (line, room, n, f))
READER(char *, __fgets_unlocked_chk, (char *line, size_t room, int n, FILE *f),
       (line, room, n, f))
READER(size_t, fread, (void *to, size_t size, size_t n, FILE *f), (to, size, n, f))
SAME_AS(_IO_fread, fread);
READER(size_t, fread_unlocked, (void *to, size_t size, size_t n, FILE *f),
       (to, size, n, f))
READER(size_t, __fread_chk, (void *to, size_t room, size_t size, size_t n, FILE *f),
       (to, room, size, n, f))
READER(size_t, __fread_unlocked_chk,
       (void *to, size_t room, size_t size, size_t n, FILE *f), (to, room, size, n, f))
READER(ssize_t, getline, (char **line, size_t *n, FILE *f), (line, n, f))
READER(ssize_t, getdelim, (char **line, size_t *n, int end, FILE *f), (line, n, end, f))
READER(ssize_t, __getdelim, (char **line, size_t *n, int end, FILE *f),
       (line, n, end, f))
READER(int, fgetc, (FILE * f), (f))
READER(int, fgetc_unlocked, (FILE * f), (f))
READER(int, getc, (FILE * f), (f))
READER(int, getc_unlocked, (FILE * f), (f))
READER(int, _IO_getc, (FILE * f), (f))
READER(int, getw, (FILE * f), (f))
/* What the unlocked macros call when their buffer is empty. */
READER(int, __uflow, (FILE * f), (f))

READER(wint_t, fgetwc, (FILE * f), (f))
READER(wint_t, fgetwc_unlocked, (FILE * f), (f))
READER(wint_t, getwc, (FILE * f), (f))
READER(wint_t, getwc_unlocked, (FILE * f), (f))
READER(wchar_t *, fgetws, (wchar_t *restrict line, int n, FILE *restrict f),
       (line, n, f))
READER(wchar_t *, fgetws_unlocked, (wchar_t *restrict line, int n, FILE *restrict f),
       (line, n, f))
READER(wchar_t *, __fgetws_chk, (wchar_t * line, size_t room, int n, FILE *f),
       (line, room, n, f))
READER(wchar_t *, __fgetws_unlocked_chk, (wchar_t * line, size_t room, int n, FILE *f),
       (line, room, n, f))

#define STDIN_READER(type, name, params, args) \
	type name params \
	{ \
		file_before_stdin(); \
		return REAL(name) args; \
	}

#undef getchar
#undef getchar_unlocked
#undef getwchar
#undef getwchar_unlocked
STDIN_READER(int, getchar, (void), ())
STDIN_READER(int, getchar_unlocked, (void), ())
STDIN_READER(wint_t, getwchar, (void), ())
STDIN_READER(wint_t, getwchar_unlocked, (void), ())
STDIN_READER(char *, gets, (char *line), (line))
SAME_AS(_IO_gets, gets);
STDIN_READER(char *, __gets_chk, (char *line, size_t room), (line, room))

/* From the terminal. */
char *getpass(const char *prompt)
{
	SLEEP(char *, GOES_ON, REAL(getpass)(prompt));
}

/* --- named pipes ----------------------------------------------------------------- */

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
SAME_AS(__open, open);

int open64(const char *path, int flags, ...)
{
	OPEN_MODE(flags);
	before_open(AT_FDCWD, path);
	return REAL(open64)(path, flags, mode);
}
SAME_AS(__open64, open64);

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

/* As fortified programs open what they do not create. */
int __open_2(const char *path, int flags)
{
	before_open(AT_FDCWD, path);
	return REAL(__open_2)(path, flags);
}

int __open64_2(const char *path, int flags)
{
	before_open(AT_FDCWD, path);
	return REAL(__open64_2)(path, flags);
}

int __openat_2(int directory, const char *path, int flags)
{
	before_open(directory, path);
	return REAL(__openat_2)(directory, path, flags);
}

int __openat64_2(int directory, const char *path, int flags)
{
	before_open(directory, path);
	return REAL(__openat64_2)(directory, path, flags);
}

int creat(const char *path, mode_t mode)
{
	before_open(AT_FDCWD, path);
	return REAL(creat)(path, mode);
}

int creat64(const char *path, mode_t mode)
{
	before_open(AT_FDCWD, path);
	return REAL(creat64)(path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	before_open(AT_FDCWD, path);
	return REAL(fopen)(path, mode);
}
SAME_AS(_IO_fopen, fopen);

FILE *fopen64(const char *path, const char *mode)
{
	before_open(AT_FDCWD, path);
	return REAL(fopen64)(path, mode);
}

/* Closes what the stream had, inside libc. */
static void before_reopen(const char *path, FILE *f, const void *here)
{
	__typeof__(&fflush) flush;

	before_open(AT_FDCWD, path);
	if (book_is_kept() && !thread_is_vfork_child())
		book_died(number_of(f), here);
	if (quiet() || number_of(f) < 0 || slot_state(number_of(f)) == SLOT_PLAIN)
		return;
	flush = (__typeof__(flush))real_find("fflush");
	if (flush)
		flush(f);
	death_of(number_of(f));
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict f)
{
	before_reopen(path, f, STACK_HERE);
	return REAL(freopen)(path, mode, f);
}

FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict f)
{
	before_reopen(path, f, STACK_HERE);
	return REAL(freopen64)(path, mode, f);
}
