/* SPDX-License-Identifier: MIT */
/* streams: stdio's readers of bytes. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
char *__fgets_chk(char *line, size_t room, int n, FILE *f) MAYBE;
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f) MAYBE;
ssize_t __getdelim(char **line, size_t *n, int end, FILE *f) MAYBE;
int __uflow(FILE *f) MAYBE;
int _IO_getc(FILE *f) MAYBE;
char *_IO_fgets(char *line, int n, FILE *f) MAYBE;
size_t _IO_fread(void *to, size_t size, size_t n, FILE *f) MAYBE;
char *__fgets_unlocked_chk(char *line, size_t room, int n, FILE *f) MAYBE;
size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t n,
			    FILE *f) MAYBE;
char *__gets_chk(char *line, size_t room) MAYBE;

static void say_state(FILE *f)
{
	say("\tend %d, error %d", !!feof(f), !!ferror(f));
}

static void from_kinds(taker *take)
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
		if (write(e.far, "first\nsecond\nthi", 16) != 16)
			say("\tfar cannot write");
		take(f);
		take(f);
		nonblocking(e.near);
		take(f);
		say_state(f);
		clearerr(f);
		if (write(e.far, "rd\n", 3) != 3)
			say("\tfar cannot write");
		close(e.far);
		await(e.near);
		take(f);
		take(f);
		say_state(f);
		fclose(f);
	}
	f = fopen("/", "r");
	if (f) {
		take(f);
		say_state(f);
		fclose(f);
	}
}

/* Without buffer: each byte is asked of the descriptor; and woken by a signal. */
static void unbuffered(taker *take)
{
	struct ends e;
	FILE *f;

	say("    without a buffer");
	if (!ends_open(KIND_TCP, true, &e))
		return;
	f = fdopen(e.near, "r");
	setvbuf(f, NULL, _IONBF, 0);
	if (write(e.far, "as\ncs\n", 6) != 6)
		say("\tfar cannot write");
	take(f);
	close(e.far);
	take(f);
	fclose(f);
	if (!ends_open(KIND_PIPE, true, &e))
		return;
	f = fdopen(e.near, "r");
	alarm_in(5);
	take(f);
	alarm_off();
	say_state(f);
	fclose(f);
	close(e.far);
}

void streams(taker *take)
{
	from_kinds(take);
	unbuffered(take);
}

static char line[64];

static void say_line(const char *got)
{
	step("line", got ? 1 : 0, errno);
	if (got)
		say_bytes(got, (long)strlen(got));
}

static void by_fgets(FILE *f)
{
	errno = UNTOUCHED;
	say_line(fgets(line, 8, f));
}

FRAGMENT(fgets)
{
	streams(by_fgets);
}

static void fgets_chk(FILE *f)
{
	errno = UNTOUCHED;
	say_line(__fgets_chk(line, sizeof(line), 8, f));
}

FRAGMENT(__fgets_chk)
{
	streams(fgets_chk);
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

LINES(_IO_fgets, _IO_fgets(line, 8, f))
LINES(fgets_unlocked, fgets_unlocked(line, 8, f))
LINES(__fgets_unlocked_chk, __fgets_unlocked_chk(line, sizeof(line), 8, f))

static void say_read(size_t n)
{
	step("read", (long)n, errno);
	say_bytes(line, (long)n);
}

static void by_fread(FILE *f)
{
	errno = UNTOUCHED;
	say_read(fread(line, 1, 5, f));
}

FRAGMENT(fread)
{
	streams(by_fread);
}

static void fread_chk(FILE *f)
{
	errno = UNTOUCHED;
	say_read(__fread_chk(line, sizeof(line), 1, 5, f));
}

FRAGMENT(__fread_chk)
{
	streams(fread_chk);
}

#define READS(name, call) \
	static void by_##name(FILE *f) \
	{ \
		errno = UNTOUCHED; \
		say_read(call); \
	} \
	FRAGMENT(name) \
	{ \
		streams(by_##name); \
	}

#undef fread_unlocked
READS(_IO_fread, _IO_fread(line, 1, 5, f))
READS(fread_unlocked, fread_unlocked(line, 1, 5, f))
READS(__fread_unlocked_chk, __fread_unlocked_chk(line, sizeof(line), 1, 5, f))

static void long_line(ssize_t (*get)(char **to, size_t *n, FILE *f), FILE *f)
{
	char *to = NULL;
	size_t n = 0;
	ssize_t got;

	errno = UNTOUCHED;
	got = get(&to, &n, f);
	step("line", got, errno);
	if (got > 0)
		say_bytes(to, got);
	free(to);
}

static void by_getline(FILE *f)
{
	long_line(getline, f);
}

FRAGMENT(getline)
{
	streams(by_getline);
	STEP(getline(NULL, NULL, stdin));
}

static ssize_t until_s(char **to, size_t *n, FILE *f)
{
	return getdelim(to, n, 's', f);
}

static void by_getdelim(FILE *f)
{
	long_line(until_s, f);
}

FRAGMENT(getdelim)
{
	streams(by_getdelim);
}

static ssize_t until_s_too(char **to, size_t *n, FILE *f)
{
	return __getdelim(to, n, 's', f);
}

static void by_getdelim_too(FILE *f)
{
	long_line(until_s_too, f);
}

FRAGMENT(__getdelim)
{
	streams(by_getdelim_too);
}

static void by_fgetc(FILE *f)
{
	STEP(fgetc(f));
}

FRAGMENT(fgetc)
{
	streams(by_fgetc);
}

#undef getc
static void by_getc(FILE *f)
{
	STEP(getc(f));
}

FRAGMENT(getc)
{
	streams(by_getc);
}

static void by_io_getc(FILE *f)
{
	STEP(_IO_getc(f));
}

FRAGMENT(_IO_getc)
{
	streams(by_io_getc);
}

#define BYTES(name) \
	static void by_##name(FILE *f) \
	{ \
		STEP(name(f)); \
	} \
	FRAGMENT(name) \
	{ \
		streams(by_##name); \
	}

#undef getc_unlocked
BYTES(fgetc_unlocked)
BYTES(getc_unlocked)
BYTES(getw)

/* Only when the buffer is empty, as the macros do. */
static void by_uflow(FILE *f)
{
	STEP(__uflow(f));
	while (fgetc(f) == 'i')
		;
}

FRAGMENT(__uflow)
{
	unbuffered(by_uflow);
}

/* stdin is the descriptor's in a child. */
void stdin_streams(void (*take)(void))
{
	struct ends e;

	if (!ends_open(KIND_TCP, true, &e) || write(e.far, "x\ny\n", 4) != 4)
		return;
	IN_CHILD(dup2(e.near, STDIN_FILENO); take(); take(); close(e.far);
		 shutdown(e.near, SHUT_RDWR); take(); take());
	ends_close(&e);
}

#define STDIN(name, call) \
	static void by_##name(void) \
	{ \
		STEP(call); \
	} \
	FRAGMENT(name) \
	{ \
		stdin_streams(by_##name); \
	}

#undef getchar
#undef getchar_unlocked
STDIN(getchar, getchar())
STDIN(getchar_unlocked, getchar_unlocked())
/* By name: the linker warns of them. */
#define GETS(name) !!((char *(*)(char *))dlsym(RTLD_DEFAULT, name))(line)
STDIN(gets, GETS("gets"))
STDIN(_IO_gets, GETS("_IO_gets"))
STDIN(__gets_chk, !!__gets_chk(line, sizeof(line)))

/* Without a terminal, from stdin; in a session of its own there is none. */
FRAGMENT(getpass)
{
	IN_CHILD(setsid(); OWING(!!getpass("")); OWING(!!getpass("")));
}
