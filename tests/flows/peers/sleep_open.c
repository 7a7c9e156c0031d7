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

#define WAYS(way) \
	way(open64, open64(fifo, O_RDONLY) >= 0, \
	    writer) way(openat, openat(AT_FDCWD, fifo, O_RDONLY) >= 0, \
			writer) way(openat64, openat64(AT_FDCWD, fifo, O_RDONLY) >= 0, \
				    writer) way(__open_2, \
						__open_2(fifo, O_RDONLY) >= 0, writer) \
		way(__open64_2, __open64_2(fifo, O_RDONLY) >= 0, writer) way( \
			__openat_2, __openat_2(AT_FDCWD, fifo, O_RDONLY) >= 0, \
			writer) way(__openat64_2, \
				    __openat64_2(AT_FDCWD, fifo, O_RDONLY) >= 0, \
				    writer) way(creat, creat(fifo, 0600) >= 0, reader) \
			way(creat64, creat64(fifo, 0600) >= 0, \
			    reader) way(fopen64, fopen64(fifo, "r"), writer) \
				way(freopen, freopen(fifo, "r", stdin), writer) \
					way(freopen64, freopen64(fifo, "r", stdin), \
					    writer)

#define WAY(name, call, end) \
	static void s_##name(void) \
	{ \
		if (!(call)) \
			fail(#name); \
	}
WAYS(WAY)

#define ROW(name, call, end) { #name, s_##name, NULL, end, 0 },
static const struct way ways[] = { WAYS(ROW) };

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_fifo,
			  remove_fifo);
}
