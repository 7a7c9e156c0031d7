/* SPDX-License-Identifier: MIT */
/* aio: reads and writes by threads of libc's own. */
#include <aio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
typedef int one_call(struct aiocb *one);
typedef int suspend_call(const struct aiocb *const list[], int n,
			 const struct timespec *timeout);
typedef int list_call(int mode, struct aiocb *const list[], int n, struct sigevent *e);
one_call read64 __asm__("aio_read64") MAYBE;
one_call write64 __asm__("aio_write64") MAYBE;
suspend_call suspend64 __asm__("aio_suspend64") MAYBE;
list_call listio64 __asm__("lio_listio64") MAYBE;

static char bytes[64];

static struct aiocb about(int fd, int opcode, size_t n)
{
	struct aiocb a = { 0 };

	a.aio_fildes = fd;
	a.aio_lio_opcode = opcode;
	a.aio_buf = bytes;
	a.aio_nbytes = n;
	a.aio_sigevent.sigev_notify = SIGEV_NONE;
	return a;
}

/* musl leaves in errno what it has tried. */
static void began(int r)
{
	step("began", r, r ? errno : UNTOUCHED);
}

/* Of this process; the other two are the directory itself. */
static nlink_t threads_now(void)
{
	struct stat s;

	return stat("/proc/self/task", &s) ? 0 : s.st_nlink;
}

/*
 * musl (1.2.3) keeps what it knows of a descriptor until its thread has gone: before
 * that, an operation on the number's next owner reads at the wrong place, or crashes.
 */
static void threads_gone(nlink_t before)
{
#ifndef __GLIBC__
	const struct timespec t = { 0, 200000 };

	for (int i = 0; i < 5000 && threads_now() > before; i++)
		nanosleep(&t, NULL);
#else
	(void)before;
#endif
}

static void finished(struct aiocb *one)
{
	const struct aiocb *list[1] = { one };

	for (int i = 0; i < 100 && aio_error(one) == EINPROGRESS; i++)
		aio_suspend(list, 1, NULL);
	STEP(aio_error(one));
	STEP(aio_return(one));
}

static void reads(one_call *get)
{
	nlink_t threads = threads_now();
	struct ends e;
	struct aiocb a;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    from %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		if (write(e.far, "hello", 5) != 5)
			say("\tfar cannot write");
		a = about(e.near, 0, 5);
		world_owe();
		began(get(&a));
		finished(&a);
		say_bytes(bytes, 5);
		nonblocking(e.near);
		a = about(e.near, 0, 5);
		world_owe();
		began(get(&a));
		finished(&a);
		threads_gone(threads);
		ends_close(&e);
	}
	a = about(9999, 0, 5);
	if (!get(&a))
		finished(&a);
}

FRAGMENT(aio_read)
{
	reads(aio_read);
}

FRAGMENT(aio_read64)
{
	reads(read64);
}

static void writes(one_call *put)
{
	nlink_t threads = threads_now();
	struct ends e;
	struct aiocb a;
	char got[8];

	for (enum kind k = 0; k < KIND_FILE; k++) {
		say("    to %s", kind_name(k));
		if (!ends_open(k, false, &e))
			continue;
		memcpy(bytes, "hello", 5);
		a = about(e.near, 0, 5);
		world_owe();
		began(put(&a));
		finished(&a);
		STEP(read(e.far, got, sizeof(got)));
		say_bytes(got, 5);
		threads_gone(threads);
		ends_close(&e);
	}
}

FRAGMENT(aio_write)
{
	writes(aio_write);
}

FRAGMENT(aio_write64)
{
	writes(write64);
}

static void suspends(suspend_call *suspend)
{
	const struct timespec t = { 0, 1000000 };
	const struct aiocb *list[2] = { NULL, NULL };
	nlink_t threads = threads_now();
	struct aiocb a;
	struct ends e;

	if (!ends_open(KIND_TCP, true, &e))
		return;
	a = about(e.near, 0, 5);
	list[1] = &a;
	world_owe();
	began(aio_read(&a));
	OWING(suspend(list, 2, &t));
	alarm_in(5);
	OWING(suspend(list, 2, NULL));
	alarm_off();
	write_later(e.far);
	OWING(suspend(list, 2, NULL));
	written();
	finished(&a);
	OWING(suspend(list, 2, NULL));
	OWING(suspend(list, minus_one, NULL));
	threads_gone(threads);
	ends_close(&e);
}

FRAGMENT(aio_suspend)
{
	suspends(aio_suspend);
}

FRAGMENT(aio_suspend64)
{
	suspends(suspend64);
}

static void lists(list_call *begin)
{
	struct aiocb one, two, three;
	struct aiocb *list[4] = { &one, NULL, &two, &three };
	nlink_t threads = threads_now();
	struct ends e;

	for (int mode = LIO_WAIT; mode >= 0;
	     mode = mode == LIO_WAIT ? LIO_NOWAIT : -1) {
		if (!ends_open(KIND_TCP, true, &e) || write(e.far, "hello", 5) != 5)
			return;
		one = about(e.near, LIO_WRITE, 3);
		two = about(e.near, LIO_READ, 3);
		three = about(e.near, LIO_NOP, 3);
		world_owe();
		began(begin(mode, list, 4, NULL));
		finished(&one);
		finished(&two);
		threads_gone(threads);
		ends_close(&e);
	}
	OWING(begin(77, list, 4, NULL));
	OWING(begin(LIO_WAIT, list, 0, NULL));
}

static int by_list(int mode, struct aiocb *const list[], int n, struct sigevent *e)
{
	return lio_listio(mode, (void *)list, n, e); /* musl's are restrict pointers */
}

FRAGMENT(lio_listio)
{
	lists(by_list);
}

FRAGMENT(lio_listio64)
{
	lists(listio64);
}
