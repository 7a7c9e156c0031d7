/* SPDX-License-Identifier: MIT */
/* core/sys: what the kernel is asked: pointers, descriptors, a poll of one. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/sys.h"
#include "unit.h"

#define MPTCP 262

static const struct {
	int family, type, protocol;
} socket_kinds[] = {
	{ AF_INET, SOCK_STREAM, 0 },	 { AF_INET6, SOCK_STREAM, 0 },
	{ AF_INET, SOCK_STREAM, MPTCP }, { AF_INET6, SOCK_STREAM, MPTCP },
	{ AF_INET, SOCK_DGRAM, 0 },	 { AF_UNIX, SOCK_STREAM, 0 },
	{ AF_NETLINK, SOCK_RAW, 0 },
};

/* One good page between two that are not there. */
static char *lone_page(void)
{
	char *at = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_eq(munmap(at, 4096), 0);
	ck_assert_int_eq(munmap(at + 2 * 4096, 4096), 0);
	return at + 4096;
}

START_TEST(readable_bad_pointers)
{
	static char bytes[64];
	int fd = socket(socket_kinds[_i].family, socket_kinds[_i].type,
			socket_kinds[_i].protocol);

	if (fd < 0)
		return; /* no IPv6 or MPTCP here */
	errno = UNTOUCHED;
	ck_assert(sys_readable(bytes, sizeof(bytes)));
	ck_assert(!sys_readable(NULL, 1));
	ck_assert(!sys_readable(NULL, 64));
	ck_assert(!sys_readable((void *)8, 16));
	ck_assert(!sys_readable((void *)-1, 1));
	ck_assert(!sys_readable((void *)-1, 4));
	ck_assert(!sys_readable((void *)-16, 16));
	ck_assert(!sys_readable((void *)-16, 64)); /* around the end */
	ck_assert(!sys_readable(bytes, SIZE_MAX));
	ck_assert(!sys_readable(bytes, (size_t)1 << 46));
	ck_assert(!sys_readable((void *)0x8000000000000000, 64)); /* not canonical */
	ck_assert_int_eq(errno, UNTOUCHED);
	close(fd);
}
END_TEST

START_TEST(readable_page_edges)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *page = lone_page();

	for (int n = 1; n <= 40; n++) {
		for (int at = -50; at <= 4096 + 10; at++) {
			bool inside = at >= 0 && at + n <= 4096;

			if (at == 50)
				at = 4096 - 50;
			ck_assert_msg(sys_readable(page + at, (size_t)n) == inside,
				      "%d bytes at offset %d", n, at);
		}
	}
	ck_assert(sys_readable(page, 0));
	ck_assert(sys_readable(page + 4095, 0));
	close(fd);
}
END_TEST

START_TEST(readable_holes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *at = mmap(NULL, 8 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert(sys_readable(at, 8 * 4096));
	ck_assert_int_eq(mprotect(at + 5 * 4096, 4096, PROT_NONE), 0);
	ck_assert(sys_readable(at, 5 * 4096));
	ck_assert(!sys_readable(at, 5 * 4096 + 1));
	ck_assert(!sys_readable(at + 100, 6 * 4096 + 200));
	ck_assert(!sys_readable(at + 6 * 4096 - 1, 4096));
	ck_assert(sys_readable(at + 6 * 4096, 2 * 4096));
	close(fd);
}
END_TEST

/* The page behind a file's end, and one that is not mapped at all. */
START_TEST(there_until_it_is_cut)
{
	int fd = open(unit_path("cut"), O_RDWR | O_CREAT, 0600);
	char *at;

	ck_assert_int_eq(ftruncate(fd, 2 * 4096), 0);
	at = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	errno = UNTOUCHED;
	ck_assert(sys_is_there(at + 2 * 4096 - 12));
	ck_assert(sys_is_there(at));
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	ck_assert(!sys_is_there(at + 2 * 4096 - 12));
	ck_assert(sys_is_there(at + 4096 - 12));
	ck_assert(!sys_readable(at + 4096, 1));
	munmap(at, 2 * 4096);
	ck_assert(!sys_is_there(at));
	ck_assert_int_eq(errno, UNTOUCHED);
	close(fd);
}
END_TEST

START_TEST(writable_int)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), word = 7;
	char *page = lone_page();

	errno = UNTOUCHED;
	ck_assert(sys_writable_int(fd, &word));
	ck_assert(sys_writable_int(fd, page));
	ck_assert(sys_writable_int(fd, page + 4092));
	ck_assert(!sys_writable_int(fd, page + 4094));
	ck_assert(!sys_writable_int(fd, page - 4));
	ck_assert(!sys_writable_int(fd, NULL));
	ck_assert_int_eq(mprotect(page, 4096, PROT_READ), 0);
	ck_assert(!sys_writable_int(fd, page));
	ck_assert_int_eq(errno, UNTOUCHED);
	close(fd);
}
END_TEST

/* A hole of a file is filled, one beyond its end or on a full disk is not. */
START_TEST(writable_word)
{
	int fd = memfd_create("holes", MFD_CLOEXEC);
	unsigned int word = 7, *at;
	struct stat st;

	errno = UNTOUCHED;
	ck_assert(sys_writable_word(&word));
	ck_assert_uint_eq(word, 7);
	ck_assert(!sys_writable_word(NULL));
	ck_assert_int_eq(ftruncate(fd, 2 * 4096), 0);
	at = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert(sys_writable_word(at + 1024));
	ck_assert(!sys_writable_word(at + 2048));
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_blocks, 8);
	ck_assert_int_eq(mprotect(at, 4096, PROT_READ), 0);
	ck_assert(!sys_writable_word(at));
	ck_assert_int_eq(errno, UNTOUCHED);
	munmap(at, 3 * 4096);
	close(fd);
}
END_TEST

START_TEST(poll_one)
{
	short revents = 77;
	uint64_t before;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	errno = UNTOUCHED;
	ck_assert_int_eq(sys_poll1(ends[0], POLLIN, 0, &revents), 0);
	ck_assert_int_eq(revents, 77); /* untouched: there was nothing to say */
	ck_assert_int_eq(sys_poll1(ends[1], POLLOUT, -1, &revents), 1);
	ck_assert_int_eq(revents, POLLOUT);
	ck_assert_int_eq(sys_poll1(ends[1], POLLOUT, 0, NULL), 1);
	before = clock_now_us();
	ck_assert_int_eq(sys_poll1(ends[0], POLLIN, 30, NULL), 0);
	ck_assert_uint_ge(clock_now_us() - before, 30000);
	ck_assert_int_eq(sys_poll1(9999, POLLIN, -1, &revents), 1);
	ck_assert_int_eq(revents, POLLNVAL);
	close(ends[1]);
	ck_assert_int_eq(sys_poll1(ends[0], POLLIN, 1000, &revents), 1);
	ck_assert_int_eq(revents, POLLHUP);
	ck_assert_int_eq(errno, UNTOUCHED);
}
END_TEST

START_TEST(blocks)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	errno = UNTOUCHED;
	ck_assert(!sys_blocks(ends[0]));
	ck_assert_int_eq(sys_fcntl(ends[0], F_SETFL, 0), 0);
	ck_assert(sys_blocks(ends[0]));
	ck_assert(!sys_blocks(-1));
	ck_assert(!sys_blocks(9999));
	ck_assert_int_eq(sys_close(9999), -EBADF);
	ck_assert_int_eq(sys_write(9999, "", 0), -EBADF);
	ck_assert_int_eq(errno, UNTOUCHED);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_loop_test(c, readable_bad_pointers, 0, COUNT(socket_kinds));
	tcase_add_test(c, readable_page_edges);
	tcase_add_test(c, readable_holes);
	tcase_add_test(c, there_until_it_is_cut);
	tcase_add_test(c, writable_int);
	tcase_add_test(c, writable_word);
	tcase_add_test(c, poll_one);
	tcase_add_test(c, blocks);
}

int main(void)
{
	return unit_run("sys", all);
}
