/* SPDX-License-Identifier: MIT */
/* streams: stdio's readers, and what opens files. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
char *__fgets_chk(char *line, size_t room, int n, FILE *f) MAYBE;
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f) MAYBE;
ssize_t __getdelim(char **line, size_t *n, int end, FILE *f) MAYBE;
int __uflow(FILE *f) MAYBE;
int _IO_getc(FILE *f) MAYBE;

/* Reads a little from f and says what. */
typedef void taker(FILE *f);

static void say_state(FILE *f)
{
	say("\tend %d, error %d", !!feof(f), !!ferror(f));
}

static void streams(taker *take)
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
	unbuffered(by_fgets);
}

static void fgets_chk(FILE *f)
{
	errno = UNTOUCHED;
	say_line(__fgets_chk(line, sizeof(line), 8, f));
}

FRAGMENT(__fgets_chk)
{
	streams(fgets_chk);
	unbuffered(fgets_chk);
}

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
	unbuffered(by_fread);
}

static void fread_chk(FILE *f)
{
	errno = UNTOUCHED;
	say_read(__fread_chk(line, sizeof(line), 1, 5, f));
}

FRAGMENT(__fread_chk)
{
	streams(fread_chk);
	unbuffered(fread_chk);
}

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
	unbuffered(by_getline);
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
	unbuffered(by_getdelim);
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
	unbuffered(by_getdelim_too);
}

static void by_fgetc(FILE *f)
{
	STEP(fgetc(f));
}

FRAGMENT(fgetc)
{
	streams(by_fgetc);
	unbuffered(by_fgetc);
}

#undef getc
static void by_getc(FILE *f)
{
	STEP(getc(f));
}

FRAGMENT(getc)
{
	streams(by_getc);
	unbuffered(by_getc);
}

static void by_io_getc(FILE *f)
{
	STEP(_IO_getc(f));
}

FRAGMENT(_IO_getc)
{
	streams(by_io_getc);
	unbuffered(by_io_getc);
}

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

#undef getchar
FRAGMENT(getchar)
{
	struct ends e;

	if (!ends_open(KIND_TCP, true, &e) || write(e.far, "xy", 2) != 2)
		return;
	IN_CHILD(dup2(e.near, STDIN_FILENO); STEP(getchar()); STEP(getchar());
		 close(e.far); shutdown(e.near, SHUT_RDWR); STEP(getchar()));
	ends_close(&e);
}

/* --- open ------------------------------------------------------------------ */

typedef int opener(const char *path, int flags, mode_t mode);

static void opens(opener *get)
{
	char room[] = "/tmp/hooks.XXXXXX", path[64], fifo[64];
	struct stat st;
	int fd, other;

	if (!mkdtemp(room))
		return;
	snprintf(path, sizeof(path), "%s/file", room);
	snprintf(fifo, sizeof(fifo), "%s/fifo", room);
	umask(0);
	OPENS(fd, get(path, O_RDONLY, 0));
	OPENS(fd, get(path, O_RDWR | O_CREAT | O_EXCL, 0640));
	STEP(fcntl(fd, F_GETFL) & O_ACCMODE);
	STEP(fcntl(fd, F_GETFD));
	if (!fstat(fd, &st))
		say("\tmode %o", st.st_mode);
	close(fd);
	OPENS(fd, get(path, O_RDWR | O_CREAT | O_EXCL, 0640));
	OPENS(fd, get(path, O_RDONLY | O_CLOEXEC, 0));
	STEP(fcntl(fd, F_GETFD));
	close(fd);
	OPENS(fd, get(path, O_DIRECTORY, 0));
	OPENS(fd, get(nowhere, O_RDONLY, 0));
	OPENS(fd, get("", O_RDONLY, 0));
	OPENS(fd, get(room, O_RDWR | O_TMPFILE, 0600));
	close(fd);
	mkfifo(fifo, 0600);
	OPENS(fd, get(fifo, O_WRONLY | O_NONBLOCK, 0));
	alarm_in(5);
	OPENS(fd, get(fifo, O_RDONLY, 0));
	alarm_off();
	OPENS(other, get(fifo, O_RDONLY | O_NONBLOCK, 0));
	OPENS(fd, get(fifo, O_WRONLY, 0));
	close(fd);
	close(other);
	unlink(path);
	unlink(fifo);
	rmdir(room);
}

static int by_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

FRAGMENT(open)
{
	opens(by_open);
}

static int by_open64(const char *path, int flags, mode_t mode)
{
	return open64(path, flags, mode);
}

FRAGMENT(open64)
{
	opens(by_open64);
}

static int by_openat(const char *path, int flags, mode_t mode)
{
	return openat(AT_FDCWD, path, flags, mode);
}

FRAGMENT(openat)
{
	int fd;

	opens(by_openat);
	OPENS(fd, openat(-1, "x", O_RDONLY));
}

static int by_openat64(const char *path, int flags, mode_t mode)
{
	return openat64(AT_FDCWD, path, flags, mode);
}

FRAGMENT(openat64)
{
	opens(by_openat64);
}

static void fopens(FILE *(*get)(const char *path, const char *mode))
{
	FILE *f;

	OPENS(f, get("/dev/null", "r"));
	STEP(fgetc(f));
	fclose(f);
	OPENS(f, get("/nowhere/at/all", "r"));
	OPENS(f, get("/", "w"));
	OPENS(f, get("/dev/null", "nonsense"));
}

FRAGMENT(fopen)
{
	fopens(fopen);
}

FRAGMENT(fopen64)
{
	fopens(fopen64);
}
