/* SPDX-License-Identifier: MIT */
/* carries: the calls that move bytes from descriptor to descriptor, and print to one.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __dprintf_chk(int fd, int flag, const char *format, ...) MAYBE;
int __vdprintf_chk(int fd, int flag, const char *format, va_list args) MAYBE;

/* Writes "carried" to fd by the call under test. */
typedef long carrier(int fd);

static int source; /* a file that says "carried" */

static void arrives(int fd)
{
	char bytes[64];
	ssize_t n;

	await(fd);
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		say("\t\tnothing: %s", strerror(errno));
	else
		say_bytes(bytes, n);
}

static void as_the_first(carrier *carry)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = listener_new(&at, &len);
	char c;

	for (int i = 0; i < rounds() * 2; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), other;

		STEP(connect(client, (struct sockaddr *)&at, len));
		STEP(carry(client));
		other = accept(listener, NULL, NULL);
		arrives(other);
		if (write(other, "!", 1) != 1)
			say("\tno answer");
		STEP(read(client, &c, 1));
		close(client);
		close(other);
	}
	close(listener);
}

static void carries(carrier *carry)
{
	struct ends e;
	int fd;

	source = file_new();
	if (write(source, "carried", 7) != 7)
		say("\tno source");
	for (enum kind k = 0; k < KINDS; k++) {
		say("    to %s", kind_name(k));
		if (ends_open(k, false, &e)) {
			long r;

			errno = UNTOUCHED;
			r = carry(e.near);
			step("carry", r, errno);
			if (r > 0)
				arrives(e.far);
			if (k != KIND_UDP) { /* an ICMP error comes when it comes */
				close(e.far);
				e.far = -1;
				STEP(carry(e.near));
			}
		}
		ends_close(&e);
	}
	say("    to what cannot be written");
	STEP(carry(-1));
	STEP(carry(9999));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(carry(fd));
	close(fd);
	say("    as the first on a connection");
	as_the_first(carry);
	close(source);
}

static long by_sendfile(int fd)
{
	off_t at = 0;

	return sendfile(fd, source, &at, 7);
}

FRAGMENT(sendfile)
{
	off_t at = 3;
	struct ends e;

	carries(by_sendfile);
	source = file_new();
	if (write(source, "carried", 7) != 7 || !ends_open(KIND_TCP, false, &e))
		return;
	STEP(sendfile(e.near, source, &at, 100));
	say("\tthe source stands at %ld", (long)at);
	STEP(sendfile(e.near, source, nowhere, 7));
	STEP(sendfile(e.near, -1, NULL, 7));
	STEP(sendfile(e.near, e.far, NULL, 7));
	arrives(e.far);
	ends_close(&e);
	close(source);
}

static long by_sendfile64(int fd)
{
	off64_t at = 0;

	return sendfile64(fd, source, &at, 7);
}

FRAGMENT(sendfile64)
{
	carries(by_sendfile64);
}

/* Through a pipe, as splice wants it. */
static long by_splice(int fd)
{
	off64_t at = 0;
	int two[2], e;
	long r;

	if (pipe(two))
		return -2;
	if (splice(source, &at, two[1], NULL, 7, 0) != 7)
		say("\tnot spliced from the file");
	errno = UNTOUCHED;
	r = splice(two[0], NULL, fd, NULL, 7, 0);
	e = errno;
	close(two[0]);
	close(two[1]);
	errno = e;
	return r;
}

FRAGMENT(splice)
{
	struct ends e;
	int two[2];

	carries(by_splice);
	say("    from tcp");
	if (pipe(two) || !ends_open(KIND_TCP, true, &e))
		return;
	if (write(e.far, "back", 4) != 4)
		say("\tfar cannot write");
	STEP(splice(e.near, NULL, two[1], NULL, 100, 0));
	arrives(two[0]);
	nonblocking(e.near);
	STEP(splice(e.near, NULL, two[1], NULL, 100, SPLICE_F_NONBLOCK));
	STEP(splice(e.near, NULL, e.far, NULL, 100, 0));
	STEP(splice(-1, NULL, two[1], NULL, 100, 0));
	STEP(splice(two[0], nowhere, e.near, NULL, 1, 0));
	ends_close(&e);
	close(two[0]);
	close(two[1]);
}

FRAGMENT(tee)
{
	int from[2], to[2];

	if (pipe(from) || pipe(to) || write(from[1], "doubled", 7) != 7)
		return;
	STEP(tee(from[0], to[1], 100, 0));
	arrives(to[0]);
	arrives(from[0]);
	STEP(tee(from[0], to[1], 100, SPLICE_F_NONBLOCK));
	STEP(tee(from[0], source, 100, 0));
	STEP(tee(-1, to[1], 100, 0));
	STEP(tee(from[0], from[1], 100, 0));
	for (int i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
	}
}

FRAGMENT(vmsplice)
{
	struct iovec v = { (char[]){ "given" }, 5 };
	int two[2];

	if (pipe(two))
		return;
	STEP(vmsplice(two[1], &v, 1, 0));
	arrives(two[0]);
	STEP(vmsplice(two[1], nowhere, 1, 0));
	STEP(vmsplice(-1, &v, 1, 0));
	STEP(vmsplice(STDERR_FILENO, &v, 1, 0x7777));
	v.iov_base = nowhere;
	STEP(vmsplice(two[1], &v, 1, 0));
	close(two[0]);
	close(two[1]);
}

static long by_dprintf(int fd)
{
	return dprintf(fd, "%s%c%03d%5.1f", "car", 'r', 7, 2.5);
}

FRAGMENT(dprintf)
{
	carries(by_dprintf);
}

static long by_dprintf_chk(int fd)
{
	return __dprintf_chk(fd, 1, "%s%c%03d%5.1f", "car", 'r', 7, 2.5);
}

FRAGMENT(__dprintf_chk)
{
	carries(by_dprintf_chk);
}

__attribute__((format(printf, 3, 4))) static long list(int fd, bool checked,
						       const char *format, ...)
{
	va_list args;
	long r;

	va_start(args, format);
	r = checked ? __vdprintf_chk(fd, 1, format, args) : vdprintf(fd, format, args);
	va_end(args);
	return r;
}

static long by_vdprintf(int fd)
{
	return list(fd, false, "%s%c%03d%5.1f", "car", 'r', 7, 2.5);
}

FRAGMENT(vdprintf)
{
	carries(by_vdprintf);
}

static long by_vdprintf_chk(int fd)
{
	return list(fd, true, "%s%c%03d%5.1f", "car", 'r', 7, 2.5);
}

FRAGMENT(__vdprintf_chk)
{
	carries(by_vdprintf_chk);
}

/* The stream keeps a second number for fd open, so that as_the_first can close its own.
 */
static long by_stream(int fd)
{
	int copy = dup(fd), e = errno;
	FILE *f;
	long r;

	if (copy < 0) {
		errno = e;
		return copy;
	}
	f = fdopen(copy, "r+");
	if (!f)
		return -2;
	r = fprintf(f, "%s", "streamed");
	e = errno;
	if (fclose(f))
		r = -1, e = errno;
	errno = e;
	return r;
}

FRAGMENT(fdopen)
{
	FILE *f;

	carries(by_stream);
	OPENS(f, fdopen(-1, "r"));
	OPENS(f, fdopen(0, "nonsense"));
}

FILE *_IO_fdopen(int fd, const char *mode) __attribute__((weak));
int _IO_fclose(FILE *f) __attribute__((weak));

static long by_old_stream(int fd)
{
	int copy = dup(fd), e = errno, r;
	FILE *f;

	if (copy < 0) {
		errno = e;
		return copy;
	}
	f = _IO_fdopen(copy, "r+");
	if (!f)
		return -2;
	r = fprintf(f, "%s", "streamed");
	e = errno;
	if (_IO_fclose(f))
		r = -1, e = errno;
	errno = e;
	return r;
}

FRAGMENT(_IO_fdopen)
{
	carries(by_old_stream);
}

FRAGMENT(_IO_fclose)
{
	carries(by_old_stream);
}

FRAGMENT(fclose)
{
	struct ends e;
	FILE *f;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    on %s", kind_name(k));
		if (!ends_open(k, false, &e))
			continue;
		f = fdopen(e.near, k == KIND_PIPE ? "w" : "r+");
		if (!f)
			continue;
		fputs("not yet", f);
		STEP(fclose(f));
		arrives(e.far);
		STEP(fcntl(e.near, F_GETFD));
		close(e.far);
	}
	f = fdopen(file_new(), "w");
	fputs("x", f);
	close(fileno(f));
	STEP(fclose(f));
	f = tmpfile();
	STEP(fclose(f));
}
