/* SPDX-License-Identifier: MIT */
/* sleep_open: sleeps until a named pipe has another end, by every call that opens. */
#include "sleep.h"

#include <sys/stat.h>

#define MAYBE __attribute__((weak))
int __open_2(const char *path, int flags) MAYBE;
int __open64_2(const char *path, int flags) MAYBE;
int __openat_2(int directory, const char *path, int flags) MAYBE;
int __openat64_2(int directory, const char *path, int flags) MAYBE;

static char fifo[] = "open.XXXXXX";

static void make_fifo(void)
{
	close(mkstemp(fifo));
	unlink(fifo);
	if (mkfifo(fifo, 0600))
		fail("mkfifo");
}

static void remove_fifo(void)
{
	unlink(fifo);
}

static void writer(void)
{
	open(fifo, O_WRONLY);
	pause();
}

static void reader(void)
{
	open(fifo, O_RDONLY);
	pause();
}

#define WAY(name, call) \
	static void s_##name(void) \
	{ \
		if (!(call)) \
			fail(#name); \
	}

WAY(open64, open64(fifo, O_RDONLY) >= 0)
WAY(openat, openat(AT_FDCWD, fifo, O_RDONLY) >= 0)
WAY(openat64, openat64(AT_FDCWD, fifo, O_RDONLY) >= 0)
WAY(__open_2, __open_2(fifo, O_RDONLY) >= 0)
WAY(__open64_2, __open64_2(fifo, O_RDONLY) >= 0)
WAY(__openat_2, __openat_2(AT_FDCWD, fifo, O_RDONLY) >= 0)
WAY(__openat64_2, __openat64_2(AT_FDCWD, fifo, O_RDONLY) >= 0)
WAY(creat, creat(fifo, 0600) >= 0)
WAY(creat64, creat64(fifo, 0600) >= 0)
WAY(fopen64, fopen64(fifo, "r"))
WAY(freopen, freopen(fifo, "r", stdin))
WAY(freopen64, freopen64(fifo, "r", stdin))

static const struct way ways[] = {
	{ "open64", s_open64, NULL, writer, 0 },
	{ "openat", s_openat, NULL, writer, 0 },
	{ "openat64", s_openat64, NULL, writer, 0 },
	{ "__open_2", s___open_2, NULL, writer, 0 },
	{ "__open64_2", s___open64_2, NULL, writer, 0 },
	{ "__openat_2", s___openat_2, NULL, writer, 0 },
	{ "__openat64_2", s___openat64_2, NULL, writer, 0 },
	{ "creat", s_creat, NULL, reader, 0 },
	{ "creat64", s_creat64, NULL, reader, 0 },
	{ "fopen64", s_fopen64, NULL, writer, 0 },
	{ "freopen", s_freopen, NULL, writer, 0 },
	{ "freopen64", s_freopen64, NULL, writer, 0 },
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_fifo,
			  remove_fifo);
}
