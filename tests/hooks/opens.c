/* SPDX-License-Identifier: MIT */
/* opens: what opens files, and may wait for the other end of a pipe. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
FILE *_IO_fopen(const char *path, const char *mode) MAYBE;
int __open(const char *path, int flags, ...) MAYBE;
int __open64(const char *path, int flags, ...) MAYBE;
int __open_2(const char *path, int flags) MAYBE;
int __open64_2(const char *path, int flags) MAYBE;
int __openat_2(int directory, const char *path, int flags) MAYBE;
int __openat64_2(int directory, const char *path, int flags) MAYBE;

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

static int by_open_too(const char *path, int flags, mode_t mode)
{
	return __open(path, flags, mode);
}

FRAGMENT(__open)
{
	opens(by_open_too);
}

static int by_open64_too(const char *path, int flags, mode_t mode)
{
	return __open64(path, flags, mode);
}

FRAGMENT(__open64)
{
	opens(by_open64_too);
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

/* Fortified: never with a mode. */
static void opens_two(int (*get)(const char *path, int flags))
{
	char room[] = "/tmp/hooks.XXXXXX", fifo[64];
	int fd, other;

	if (!mkdtemp(room))
		return;
	snprintf(fifo, sizeof(fifo), "%s/fifo", room);
	mkfifo(fifo, 0600);
	OPENS(fd, get("/dev/null", O_RDONLY));
	close(fd);
	OPENS(fd, get(nowhere, O_RDONLY));
	OPENS(fd, get("/nowhere/at/all", O_RDONLY));
	world_owe();
	alarm_in(5);
	OPENS(fd, get(fifo, O_RDONLY));
	alarm_off();
	other = open(fifo, O_RDONLY | O_NONBLOCK);
	OPENS(fd, get(fifo, O_WRONLY));
	close(fd);
	close(other);
	unlink(fifo);
	rmdir(room);
	IN_CHILD(close(STDERR_FILENO); get("/tmp/x", O_CREAT));
}

FRAGMENT(__open_2)
{
	opens_two(__open_2);
}

FRAGMENT(__open64_2)
{
	opens_two(__open64_2);
}

static int by_openat_2(const char *path, int flags)
{
	return __openat_2(AT_FDCWD, path, flags);
}

FRAGMENT(__openat_2)
{
	opens_two(by_openat_2);
}

static int by_openat64_2(const char *path, int flags)
{
	return __openat64_2(AT_FDCWD, path, flags);
}

FRAGMENT(__openat64_2)
{
	opens_two(by_openat64_2);
}

static void creates(int (*get)(const char *path, mode_t mode))
{
	char path[] = "/tmp/hooks.XXXXXX";
	int fd = mkstemp(path);

	close(fd);
	OPENS(fd, get(path, 0600));
	STEP(fcntl(fd, F_GETFL) & O_ACCMODE);
	close(fd);
	unlink(path);
	mkfifo(path, 0600);
	world_owe();
	alarm_in(5);
	OPENS(fd, get(path, 0600));
	alarm_off();
	unlink(path);
	OPENS(fd, get("/", 0600));
	OPENS(fd, get(nowhere, 0600));
}

FRAGMENT(creat)
{
	creates(creat);
}

FRAGMENT(creat64)
{
	creates(creat64);
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

FRAGMENT(_IO_fopen)
{
	fopens(_IO_fopen);
}

/* What the stream had is closed: its peer reads what was written, and the end. */
static void reopens(FILE *(*get)(const char *path, const char *mode, FILE *f))
{
	struct ends e;
	char bytes[16];
	FILE *f;

	for (enum kind k = KIND_TCP; k <= KIND_UNIX; k++) {
		if (!ends_open(k, false, &e))
			continue;
		f = fdopen(e.near, "r+");
		fputs("last words", f);
		OPENS(f, get("/dev/null", "r", f));
		STEP(fgetc(f));
		STEP(read(e.far, bytes, sizeof(bytes)));
		STEP(read(e.far, bytes, sizeof(bytes)));
		close(e.far);
		OPENS(f, get("/nowhere/at/all", "r", f));
	}
}

FRAGMENT(freopen)
{
	reopens(freopen);
}

FRAGMENT(freopen64)
{
	reopens(freopen64);
}
