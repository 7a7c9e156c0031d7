/* SPDX-License-Identifier: MIT */
/*
 * test_core: the modules of core that the object and the command share, one case per
 * module, in the order of the map. What needs a network is left to tests/flows.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/outcome.h"
#include "core/share.h"
#include "core/sys.h"
#include "core/text.h"

#define NOBODY 65534
#define UNTOUCHED 4242
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char room[] = "/tmp/test_core.XXXXXX";

static const char *in_room(const char *name)
{
	static char paths[8][256];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", room, name);
	return path;
}

/* A test's own folder with mode 0700; its name stays valid. */
static const char *folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s", in_room(name));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	return path;
}

static uint64_t dice_state = 0x243f6a8885a308d3u; /* the same numbers in every run */

static uint64_t dice(void)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state * 0x2545f4914f6cdd1du;
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- sys ------------------------------------------------------------------- */

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

/* --- text ------------------------------------------------------------------ */

START_TEST(text_fits)
{
	TEXT(t, 64);

	ck_assert_str_eq(t.at, "");
	text_str(&t, "a");
	text_char(&t, '-');
	text_num(&t, 0);
	text_char(&t, ' ');
	text_num(&t, UINT64_MAX);
	text_char(&t, ' ');
	text_hex(&t, 0);
	text_hex(&t, UINT64_MAX);
	ck_assert_str_eq(t.at, "a-0 18446744073709551615 0ffffffffffffffff");
	ck_assert_uint_eq(t.n, strlen(t.at));
	ck_assert_uint_eq(text_len(t.at), t.n);
}
END_TEST

START_TEST(text_is_cut)
{
	char guarded[12] = "###########";
	struct text t = { guarded + 2, 0, 5 };
	struct text one = { guarded, 0, 1 };

	for (int i = 0; i < 100; i++) {
		text_str(&t, "abc");
		text_num(&t, 987);
	}
	ck_assert_mem_eq(guarded, "##abc9\0####", 11);
	ck_assert_uint_eq(t.n, 4);
	text_str(&one, "x");
	ck_assert_uint_eq(one.n, 0);
	ck_assert_int_eq(guarded[0], '#');
}
END_TEST

START_TEST(text_compares)
{
	ck_assert(text_same("", ""));
	ck_assert(text_same("abc", "abc"));
	ck_assert(!text_same("abc", "ab"));
	ck_assert(!text_same("ab", "abc"));
	ck_assert(!text_same("", "a"));
	ck_assert_str_eq(text_behind("info:/x", "info"), ":/x");
	ck_assert_str_eq(text_behind("info", "info"), "");
	ck_assert_str_eq(text_behind("info", ""), "info");
	ck_assert_ptr_null(text_behind("inf", "info"));
	ck_assert_ptr_null(text_behind("", "info"));
	ck_assert_uint_eq(text_len(""), 0);
}
END_TEST

/* --- clock ----------------------------------------------------------------- */

static void tells_the_time(void)
{
	struct timespec before, after;
	uint64_t now, last = 0;

	errno = UNTOUCHED;
	for (int i = 0; i < 10000; i++) {
		now = clock_now_us();
		ck_assert_uint_ge(now, last);
		last = now;
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	now = clock_now_us();
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_uint_ge(now, (uint64_t)before.tv_sec * 1000000 +
				       (uint64_t)before.tv_nsec / 1000);
	ck_assert_uint_le(now, (uint64_t)after.tv_sec * 1000000 +
				       (uint64_t)after.tv_nsec / 1000 + 1);
	clock_gettime(CLOCK_REALTIME, &before); /* a second may begin in between */
	ck_assert_uint_le((uint64_t)clock_today_s() - (uint64_t)before.tv_sec, 1);
	ck_assert_int_eq(errno, UNTOUCHED);
}

START_TEST(clock_ticks)
{
	clock_setup(0);
	tells_the_time();
	clock_setup(getauxval(AT_SYSINFO_EHDR));
	tells_the_time();
}
END_TEST

/* --- log ------------------------------------------------------------------- */

/* stderr becomes a socket that keeps the writes apart; returns its other end. */
static int listen_to_stderr(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert_int_eq(dup2(ends[0], STDERR_FILENO), STDERR_FILENO);
	close(ends[0]);
	return ends[1];
}

static ssize_t next_write(int ear, char *line, size_t room_for)
{
	ssize_t n = recv(ear, line, room_for - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = 0;
	return n;
}

START_TEST(log_specs)
{
	static const struct {
		const char *spec;
		int level;
	} rows[] = {
		{ "off", LOG_OFF },
		{ "error", LOG_ERROR },
		{ "info", LOG_INFO },
		{ "debug", LOG_DEBUG },
		{ "info:", LOG_INFO },
		{ "off:/x", LOG_OFF },
		{ "", -1 },
		{ "infos", -1 },
		{ "Info", -1 },
		{ " info", -1 },
		{ "info ", -1 },
		{ ":/x", -1 },
		{ "2", -1 },
		{ "inf", -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int level = rows[i].level < 0 ? LOG_OFF : rows[i].level;

		log_open("debug"); /* what cannot be read turns it off again */
		ck_assert_msg(log_open(rows[i].spec) == (rows[i].level >= 0), "%s",
			      rows[i].spec);
		for (int l = LOG_ERROR; l <= LOG_DEBUG; l++)
			ck_assert_msg(log_wants((enum log_level)l) == (l <= level),
				      "'%s', level %d", rows[i].spec, l);
		ck_assert(!log_wants(LOG_OFF));
	}
}
END_TEST

START_TEST(log_one_line_one_write)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int ear = listen_to_stderr();
	char line[2048], expected[256];
	TEXT(fields, 64);

	ck_assert(log_open("info"));
	text_str(&fields, "dest=192.0.2.1:80 n=");
	text_num(&fields, 3);
	errno = UNTOUCHED;
	log_event(LOG_DEBUG, "hidden", NULL);
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	errno = UNTOUCHED;
	log_event(LOG_INFO, "connection", &fields);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	snprintf(expected, sizeof(expected),
		 " level=info pid=%d event=connection dest=192.0.2.1:80 n=3\n",
		 getpid());
	ck_assert(!strncmp(line, "time=", 5));
	ck_assert_str_eq(strchr(line, ' '), expected);
	log_event(LOG_ERROR, "bare", NULL);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(strstr(line, " event="), " event=bare\n");
	for (int i = 0; i < 3; i++)
		log_once(&said, LOG_ERROR, "state", "no room, learning alone");
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(strstr(line, " event="),
			 " event=state message=\"no room, learning alone\"\n");
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
}
END_TEST

START_TEST(log_cuts)
{
	static char many[4096];
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int ear = listen_to_stderr();
	char line[8192];

	ck_assert(log_open("debug"));
	memset(many, 'x', sizeof(many) - 1);
	for (size_t n = 600; n < 900; n++) {
		struct text fields = { many, n, sizeof(many) };
		ssize_t got;

		many[n] = 0;
		log_event(LOG_DEBUG, "long", &fields);
		got = next_write(ear, line, sizeof(line));
		ck_assert_int_gt(got, 600);
		ck_assert_int_le(got, 768);
		ck_assert_ptr_eq(strchr(line, '\n'), line + got - 1);
		ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
		many[n] = 'x';
	}
	log_once(&said, LOG_ERROR, "long", many);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
}
END_TEST

START_TEST(log_to_a_file)
{
	char spec[300], line[512], longer[400];
	const char *path = in_room("log"), *elsewhere = in_room("elsewhere");
	int before = open_descriptors(), fd, ear = listen_to_stderr();
	struct stat st;

	snprintf(spec, sizeof(spec), "error:%s", path);
	ck_assert(log_open(spec));
	errno = UNTOUCHED;
	log_event(LOG_ERROR, "one", NULL);
	log_event(LOG_ERROR, "two", NULL);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_le(open_descriptors(), before + 1); /* the ear */
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_gt(read(fd, line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, "event=one\ntime="));
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(elsewhere, path), 0); /* not followed */
	log_event(LOG_ERROR, "three", NULL);
	ck_assert_int_eq(access(elsewhere, F_OK), -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody reads: no waiting */
	log_event(LOG_ERROR, "four", NULL);
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	memset(longer, 'x', sizeof(longer) - 1); /* a name cut off is another name */
	longer[sizeof(longer) - 1] = 0;
	memcpy(longer, "error:/", 7);
	ck_assert(!log_open(longer));
}
END_TEST

/* --- addr ------------------------------------------------------------------ */

static struct addr addr_from(const char *ip, uint16_t port)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct addr a;

	if (inet_pton(AF_INET, ip, &in4.sin_addr) == 1) {
		ck_assert(addr_read(&in4, sizeof(in4), &a));
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
		ck_assert(addr_read(&in6, sizeof(in6), &a));
	}
	return a;
}

static const struct {
	const char *ip, *printed;
} samples[] = {
	{ "0.0.0.0", "0.0.0.0:443" },
	{ "255.255.255.255", "255.255.255.255:443" },
	{ "192.0.2.10", "192.0.2.10:443" },
	{ "::", "[::]:443" },
	{ "::1", "[::1]:443" },
	{ "1::", "[1::]:443" },
	{ "::ffff:192.0.2.10", "192.0.2.10:443" },
	{ "::ffff:0.0.0.0", "0.0.0.0:443" },
	{ "::192.0.2.10", "[::c000:20a]:443" },
	{ "64:ff9b::192.0.2.33", "[64:ff9b::c000:221]:443" },
	/* RFC 5952, sections 4.1 to 4.3 */
	{ "2001:0db8:0000:0000:0000:0000:0002:0001", "[2001:db8::2:1]:443" },
	{ "2001:db8::0001", "[2001:db8::1]:443" },
	{ "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:443" },
	{ "2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:443" },
	{ "2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:443" },
	{ "2001:db8::aaaa:BBBB:CCcc:1", "[2001:db8::aaaa:bbbb:cccc:1]:443" },
	{ "0:1:0:1:0:1:0:1", "[0:1:0:1:0:1:0:1]:443" },
	{ "1:2:3:4:5:6:0:0", "[1:2:3:4:5:6::]:443" },
	{ "0:0:3:4:5:6:7:8", "[::3:4:5:6:7:8]:443" },
	{ "fe80::1", "[fe80::1]:443" },
};

START_TEST(addr_prints)
{
	struct addr a = addr_from(samples[_i].ip, 443);
	TEXT(t, 64);

	addr_print(&t, &a);
	ck_assert_str_eq(t.at, samples[_i].printed);
}
END_TEST

/* What inet_ntop says is what we say, where both write hexadecimal. */
START_TEST(addr_prints_as_libc)
{
	for (int i = 0; i < 20000; i++) {
		char libc[INET6_ADDRSTRLEN], expected[80];
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					    .sin6_port = htons(7) };
		struct addr a;
		TEXT(t, 64);

		for (int k = 0; k < 8; k++)
			if (dice() & 1)
				in6.sin6_addr.s6_addr[2 * k + 1] = (uint8_t)dice();
		ck_assert(addr_read(&in6, sizeof(in6), &a));
		inet_ntop(AF_INET6, &in6.sin6_addr, libc, sizeof(libc));
		if (strchr(libc, '.'))
			continue;
		snprintf(expected, sizeof(expected), "[%s]:7", libc);
		addr_print(&t, &a);
		ck_assert_str_eq(t.at, expected);
	}
}
END_TEST

START_TEST(addr_reads)
{
	struct sockaddr_storage any = { .ss_family = AF_INET };
	struct addr a = { .port = 77 };

	ck_assert(!addr_read(&any, 0, &a));
	ck_assert(!addr_read(&any, 15, &a));
	ck_assert(addr_read(&any, 16, &a));
	ck_assert(addr_read(&any, sizeof(any), &a));
	any.ss_family = AF_INET6;
	a.port = 77;
	ck_assert(!addr_read(&any, 16, &a));
	ck_assert(!addr_read(&any, 23, &a)); /* SIN6_LEN_RFC2133 is 24 */
	ck_assert_uint_eq(a.port, 77);	     /* untouched on failure */
	ck_assert(addr_read(&any, 24, &a));
	any.ss_family = AF_UNIX;
	ck_assert(!addr_read(&any, sizeof(any), &a));
	any.ss_family = AF_UNSPEC;
	ck_assert(!addr_read(&any, sizeof(any), &a));
	a = addr_from("192.0.2.10", 65535);
	ck_assert_uint_eq(a.port, 65535);
	ck_assert_uint_eq(a.version, 4);
}
END_TEST

START_TEST(addr_asks)
{
	static const struct {
		const char *ip;
		bool loopback, link_local;
	} rows[] = {
		{ "127.0.0.1", true, false },
		{ "127.255.255.255", true, false },
		{ "128.0.0.1", false, false },
		{ "::1", true, false },
		{ "::", false, false },
		{ "::2", false, false },
		{ "1::1", false, false },
		{ "::ffff:127.0.0.1", true, false },
		{ "fe80::1", false, true },
		{ "febf::1", false, true },
		{ "fec0::1", false, false },
		{ "254.128.0.1", false, false }, /* fe.80 */
	};
	struct addr a = addr_from("192.0.2.1", 1), b = addr_from("::ffff:192.0.2.1", 1);
	struct addr c = addr_from("c000:201::", 1), other = addr_from("192.0.2.1", 2);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr x = addr_from(rows[i].ip, 9);

		ck_assert_msg(addr_is_loopback(&x) == rows[i].loopback, "%s",
			      rows[i].ip);
		ck_assert_msg(addr_is_link_local(&x) == rows[i].link_local, "%s",
			      rows[i].ip);
	}
	ck_assert(addr_same_host(&a, &b));
	ck_assert(addr_same_host(&a, &other));
	ck_assert(!addr_same_host(&a, &c)); /* the same first bytes */
	ck_assert(addr_hash(&a) == addr_hash(&b));
	ck_assert(addr_hash(&a) != addr_hash(&other));
	ck_assert(addr_hash(&a) != addr_hash(&c));
}
END_TEST

/* --- share ----------------------------------------------------------------- */

START_TEST(share_names)
{
	static char longer[300];
	TEXT(t, 64);
	TEXT(u, 64);
	TEXT(v, 64);
	bool root = geteuid() == 0;

	ck_assert(share_directory(&t, "/state", "/runtime"));
	ck_assert_str_eq(t.at, "/state");
	ck_assert(share_directory(&u, NULL, "/runtime"));
	ck_assert_str_eq(u.at, root ? "/run/tfoshim" : "/runtime/tfoshim");
	ck_assert(share_directory(&v, "", NULL) == root);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	ck_assert(!share_directory(&t, longer, NULL));
	if (root && setreuid(NOBODY, NOBODY) == 0) {
		TEXT(w, 64);
		TEXT(relative, 64);

		ck_assert(share_directory(&w, NULL, "/runtime"));
		ck_assert_str_eq(w.at, "/runtime/tfoshim");
		ck_assert(!share_directory(&relative, NULL, "runtime"));
		ck_assert(!share_directory(&relative, NULL, NULL));
	}
}
END_TEST

START_TEST(share_maps)
{
	char *one = NULL, *two = NULL;
	const char *directory = in_room("maps");
	int before = open_descriptors();
	struct stat st;

	umask(0);
	errno = UNTOUCHED;
	ck_assert_int_eq(share_map(directory, "f", 8192, (void **)&one), 0);
	ck_assert_int_eq(share_map(directory, "f", 8192, (void **)&two), 0);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_ptr_ne(one, two);
	one[8191] = 'x';
	ck_assert_int_eq(two[8191], 'x');
	ck_assert_int_eq(one[0], 0);
	ck_assert_int_eq(open_descriptors(), before);
	ck_assert_int_eq(stat(directory, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(in_room("maps/f"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(share_private(8192, (void **)&two), 0);
	ck_assert_int_eq(two[8191], 0);
}
END_TEST

/* *ret stays what it was, no descriptor stays open, errno is not touched. */
static int refused(const char *directory, const char *name)
{
	void *at = room;
	int before = open_descriptors(), err;

	errno = UNTOUCHED;
	err = share_map(directory, name, 4096, &at);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_eq(open_descriptors(), before);
	ck_assert_int_lt(err, 0);
	ck_assert_ptr_eq(at, room);
	return err;
}

START_TEST(share_refuses_directories)
{
	static const mode_t open_modes[] = {
		0701, 0710, 0770, 0755, 0777, 01777, 0702
	};
	const char *directory = folder("modes"), *link = in_room("link");

	for (size_t i = 0; i < COUNT(open_modes); i++) {
		ck_assert_int_eq(chmod(directory, open_modes[i]), 0);
		ck_assert_int_eq(refused(directory, "f"), -EPERM);
	}
	ck_assert_int_eq(chmod(directory, 0700), 0);
	ck_assert_int_eq(symlink(directory, link), 0);
	ck_assert(refused(link, "f") == -ELOOP || refused(link, "f") == -ENOTDIR);
	ck_assert_int_eq(refused(in_room("absent/below"), "f"), -ENOENT);
	close(open(in_room("plain"), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(refused(in_room("plain"), "f"), -ENOTDIR);
	ck_assert_int_eq(refused("", "f"), -ENOENT);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(directory, NOBODY, NOBODY), 0);
		ck_assert_int_eq(refused(directory, "f"), -EPERM);
	}
	ck_assert_int_eq(access(in_room("modes/f"), F_OK), -1); /* nothing was made */
}
END_TEST

static void make_file(const char *path, off_t size, mode_t mode)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

START_TEST(share_refuses_files)
{
	const char *directory = folder("files");
	struct stat st;

	make_file(in_room("files/small"), 4095, 0600);
	ck_assert_int_eq(refused(directory, "small"), -EINVAL);
	make_file(in_room("files/large"), 4097, 0600);
	ck_assert_int_eq(refused(directory, "large"), -EINVAL);
	make_file(in_room("files/open"), 4096, 0640);
	ck_assert_int_eq(refused(directory, "open"), -EPERM);
	make_file(in_room("files/world"), 4096, 0602);
	ck_assert_int_eq(refused(directory, "world"), -EPERM);
	make_file(in_room("files/twice"), 4096, 0600);
	ck_assert_int_eq(link(in_room("files/twice"), in_room("files/again")), 0);
	ck_assert_int_eq(refused(directory, "again"), -EPERM);
	make_file(in_room("target"), 0, 0600);
	ck_assert_int_eq(symlink(in_room("target"), in_room("files/link")), 0);
	ck_assert_int_eq(refused(directory, "link"), -ELOOP);
	ck_assert_int_eq(symlink("nowhere", in_room("files/dangling")), 0);
	ck_assert_int_eq(refused(directory, "dangling"), -ELOOP);
	ck_assert_int_eq(mkfifo(in_room("files/fifo"), 0600), 0);
	ck_assert_int_eq(refused(directory, "fifo"), -EINVAL);
	ck_assert_int_eq(mkdir(in_room("files/dir"), 0700), 0);
	ck_assert_int_lt(refused(directory, "dir"), 0);
	if (geteuid() == 0) {
		make_file(in_room("files/other"), 4096, 0600);
		ck_assert_int_eq(chown(in_room("files/other"), NOBODY, NOBODY), 0);
		ck_assert_int_eq(refused(directory, "other"), -EPERM);
	}
	ck_assert_int_eq(stat(in_room("target"), &st), 0);
	ck_assert_int_eq(st.st_size, 0); /* not grown through the link */
}
END_TEST

/* --- outcome --------------------------------------------------------------- */

START_TEST(outcome_words)
{
	ck_assert_str_eq(outcome_word(OUTCOME_data_acked), "data_acked");
	ck_assert_str_eq(outcome_word(OUTCOME_opened_early), "opened_early");
	ck_assert_str_eq(outcome_word(OUTCOME_cookie_requested), "cookie_requested");
	ck_assert_str_eq(outcome_word(OUTCOME_not_acked), "not_acked");
	ck_assert_str_eq(outcome_word(OUTCOME_syn_retransmitted), "syn_retransmitted");
	ck_assert_str_eq(outcome_word(OUTCOME_plain), "plain");
	ck_assert_int_eq(OUTCOMES, 6);
	ck_assert_str_eq(outcome_word(OUTCOMES), "unknown");
	ck_assert_str_eq(outcome_word((enum outcome) - 1), "unknown");
}
END_TEST

static const struct {
	bool acked;
	uint8_t fail;
	bool cookie_syn, had_data;
	enum outcome is;
} went[] = {
	{ true, 0, true, true, OUTCOME_data_acked },
	{ true, TFO_SYN_RETRANSMITTED, true, true, OUTCOME_data_acked },
	{ false, TFO_STATUS_UNSPEC, true, false, OUTCOME_opened_early },
	{ false, TFO_STATUS_UNSPEC, true, true, OUTCOME_plain },
	{ false, TFO_STATUS_UNSPEC, false, false, OUTCOME_plain },
	{ false, TFO_STATUS_UNSPEC, false, true, OUTCOME_plain },
	{ false, TFO_COOKIE_UNAVAILABLE, false, false, OUTCOME_cookie_requested },
	{ false, TFO_COOKIE_UNAVAILABLE, true, true, OUTCOME_cookie_requested },
	{ false, TFO_DATA_NOT_ACKED, true, true, OUTCOME_not_acked },
	{ false, TFO_SYN_RETRANSMITTED, true, true, OUTCOME_syn_retransmitted },
	{ false, TFO_SYN_RETRANSMITTED, true, false, OUTCOME_syn_retransmitted },
	{ false, 0xff, true, false, OUTCOME_opened_early },
};

START_TEST(outcome_maps)
{
	struct tcp_facts f = { .syn_data_acked = went[_i].acked,
			       .client_fail = went[_i].fail };

	ck_assert_str_eq(
		outcome_word(outcome_of(&f, went[_i].cookie_syn, went[_i].had_data)),
		outcome_word(went[_i].is));
}
END_TEST

START_TEST(outcome_reads_facts)
{
	struct tcp_facts f = { .rtt_us = 77 };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

	errno = UNTOUCHED;
	ck_assert_int_lt(outcome_facts(-1, &f), 0);
	ck_assert_int_lt(outcome_facts(STDIN_FILENO, &f), 0);
	ck_assert_int_lt(outcome_facts(udp, &f), 0);
	ck_assert_uint_eq(f.rtt_us, 77); /* untouched on failure */
	ck_assert_int_eq(outcome_facts(tcp, &f), 0);
	ck_assert(f.closed && !f.handshaking && !f.nothing_sent && !f.syn_data_acked);
	ck_assert_int_eq(errno, UNTOUCHED);
}
END_TEST

/* --- memory ---------------------------------------------------------------- */

#define FOR_S 600
#define PROGRAM 0x1234567u
#define OTHER_PROGRAM 0x7654321u

static struct memory *new_memory(void)
{
	struct memory *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	ck_assert(memory_ready(m));
	return m;
}

static struct addr dest(uint32_t n)
{
	return (struct addr){
		.ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n },
		.port = (uint16_t)(n >> 24 | 0x100),
		.version = 4,
	};
}

static bool answered(struct memory *m, const struct addr *to, uint32_t within_s)
{
	struct memory_view v;

	memory_ask(m, to, PROGRAM, within_s, &v);
	return v.answered;
}

static enum habit habit_there(struct memory *m, const struct addr *to, uint32_t program)
{
	struct memory_view v;

	memory_ask(m, to, program, FOR_S, &v);
	return v.habit;
}

/* Makes everything in the memory older (or, with less than nothing, younger). */
static void age(struct memory *m, int64_t seconds)
{
	for (int i = 0; i < MEMORY_ROWS; i++) {
		uint64_t last = m->row[i].last, day = last >> 32;

		if (day)
			m->row[i].last = (day - (uint64_t)seconds) << 32 |
					 (uint32_t)last;
	}
}

START_TEST(memory_is_ours)
{
	struct memory *m = new_memory();

	ck_assert(memory_ready(m));
	m->magic++;
	ck_assert(!memory_ready(m));
	m->magic = UINT64_MAX;
	ck_assert(!memory_ready(m));
}
END_TEST

START_TEST(memory_proves)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), port = a, six = a;

	port.port++;
	six.version = 6;
	ck_assert(!answered(m, &a, FOR_S));
	memory_failed(m, &a); /* of a stranger: nothing */
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert(!answered(m, &port, FOR_S));
	ck_assert(!answered(m, &six, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	memory_failed(m, &a);
	ck_assert(!answered(m, &a, FOR_S));
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	memory_count(m, &port, OUTCOME_plain); /* counted, not proven */
	ck_assert(!answered(m, &port, FOR_S));
}
END_TEST

START_TEST(memory_keeps_habits)
{
	struct memory *m = new_memory();
	struct addr a = dest(1), b = dest(2);

	for (enum habit h = HABIT_UNKNOWN; h <= HABIT_KNOCKS; h++) {
		memory_habit(m, &a, PROGRAM, h);
		ck_assert_int_eq(habit_there(m, &a, PROGRAM), h);
	}
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &a, OTHER_PROGRAM, HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_KNOCKS);
	ck_assert_int_eq(habit_there(m, &a, OTHER_PROGRAM), HABIT_READS_FIRST);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	ck_assert(!answered(m, &a, FOR_S));		/* a habit proves nothing */
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* never seen to be in time */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &b, PROGRAM, HABIT_WRITES_FIRST);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE); /* forgiven once */
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_WROTE_LATE);
	memory_habit(m, &b, PROGRAM, HABIT_WROTE_LATE);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_UNKNOWN);
	memory_habit(m, &b, PROGRAM, HABIT_BURNT); /* and nothing makes it good */
	memory_habit(m, &b, PROGRAM, HABIT_WRITES_FIRST);
	ck_assert_int_eq(habit_there(m, &b, PROGRAM), HABIT_BURNT);
}
END_TEST

START_TEST(memory_ages)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);

	memory_answered(m, &a);
	memory_habit(m, &a, PROGRAM, HABIT_WRITES_FIRST);
	age(m, FOR_S - 5);
	ck_assert(answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_WRITES_FIRST);
	age(m, 10);
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert(answered(m, &a, FOR_S + 60));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
	memory_answered(m, &a);
	ck_assert(answered(m, &a, FOR_S));
	age(m, -3600); /* written in the future: the clock was set back */
	ck_assert(!answered(m, &a, FOR_S));
	ck_assert_int_eq(habit_there(m, &a, PROGRAM), HABIT_UNKNOWN);
}
END_TEST

START_TEST(memory_counts)
{
	struct memory *m = new_memory();
	struct addr a = dest(1);
	unsigned int rows = 0;

	for (enum outcome o = 0; o < OUTCOMES; o++)
		for (unsigned int i = 0; i <= o; i++)
			memory_count(m, &a, o);
	for (int i = 0; i < MEMORY_ROWS; i++) {
		if (!m->row[i].key)
			continue;
		rows++;
		for (enum outcome o = 0; o < OUTCOMES; o++)
			ck_assert_uint_eq(m->row[i].count[o], (unsigned int)o + 1);
		ck_assert_mem_eq(m->row[i].ip, a.ip, 16);
		ck_assert_uint_eq(m->row[i].port, a.port);
	}
	ck_assert_uint_eq(rows, 1);
}
END_TEST

/* Many more destinations than rows: the newcomers find room, and inherit nothing. */
START_TEST(memory_takes_over)
{
	struct memory *m = new_memory();
	unsigned int kept = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
		ck_assert(answered(m, &to, FOR_S));
		memory_habit(m, &to, PROGRAM, HABIT_KNOCKS);
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_KNOCKS);
	}
	for (uint32_t i = 0; i < 100000; i++) {
		struct addr to = dest(i);

		kept += answered(m, &to, FOR_S);
	}
	ck_assert_uint_gt(kept, MEMORY_ROWS / 8);
	ck_assert_uint_le(kept, MEMORY_ROWS);
	for (uint32_t i = 100000; i < 200000; i++) {
		struct addr to = dest(i);

		ck_assert(!answered(m, &to, FOR_S));
		memory_count(m, &to, OUTCOME_plain); /* takes a row over */
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
		memory_habit(m, &to, OTHER_PROGRAM, HABIT_READS_FIRST);
		ck_assert(!answered(m, &to, FOR_S));
		ck_assert_int_eq(habit_there(m, &to, PROGRAM), HABIT_UNKNOWN);
	}
}
END_TEST

/* The oldest gives way: who was heard of today outlives a flood of what is yesterday's.
 */
START_TEST(memory_keeps_the_young)
{
	struct memory *m = new_memory();
	struct addr dear = dest(0xffffff);

	for (uint32_t i = 0; i < 20000; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
	}
	age(m, 1000);
	memory_answered(m, &dear);
	for (uint32_t i = 20000; i < 20500; i++) {
		struct addr to = dest(i);

		memory_answered(m, &to);
	}
	ck_assert(answered(m, &dear, FOR_S));
}
END_TEST

static void random_use(struct memory *m, uint32_t i)
{
	struct addr to = dest(i);
	uint32_t program = (uint32_t)dice();

	switch (dice() % 4) {
	case 0:
		memory_failed(m, &to);
		break;
	case 1:
		memory_count(m, &to, (enum outcome)(dice() % OUTCOMES));
		break;
	case 2:
		memory_habit(m, &to, program, HABIT_READS_FIRST);
		break;
	default:
		memory_answered(m, &to);
	}
}

/* Whatever the file holds: nothing crashes, and a stranger is never believed. */
START_TEST(memory_survives_garbage)
{
	struct memory *m = new_memory();
	uint64_t *word = (uint64_t *)m->row;

	for (int round = 0; round < 6; round++) {
		uint64_t now = (uint64_t)clock_today_s() << 32;

		for (size_t i = 0; i < sizeof(m->row) / 8; i++)
			word[i] = round == 0   ? UINT64_MAX
				  : round == 1 ? 1
				  : round == 2 ? now
					       : dice();
		if (round > 3) /* real keys with other people's words */
			for (uint32_t i = 0; i < 3000; i++)
				random_use(m, i);
		if (round > 4)
			for (int i = 0; i < MEMORY_ROWS; i++)
				m->row[i].last = now | (uint32_t)dice();
		for (uint32_t i = 200000; i < 230000; i++) {
			struct addr to = dest(i);
			struct memory_view v;

			memory_ask(m, &to, (uint32_t)dice(), UINT32_MAX, &v);
			ck_assert(!v.answered);
			ck_assert_int_eq(v.habit, HABIT_UNKNOWN);
			if (i % 4 == 0)
				random_use(m, i - 200000);
		}
	}
}
END_TEST

#define THREADS 3
#define PROCESSES 3
#define HAMMERED 20000 /* destinations; the odd ones never answer */

static struct memory *hammered;
static _Atomic unsigned int lies;

static void *hammer(void *seed)
{
	uint64_t state = (uintptr_t)seed * 0x9e3779b97f4a7c15u;

	for (int i = 0; i < 60000; i++) {
		struct addr to;
		struct memory_view v;
		uint32_t n, program;

		state = state * 6364136223846793005u + 1442695040888963407u;
		n = (uint32_t)(state >> 33) % HAMMERED;
		program = (uint32_t)(state >> 20) % 3 + 1;
		to = dest(n);
		if (n % 2)
			memory_count(hammered, &to, OUTCOME_plain);
		else if (i % 5)
			memory_answered(hammered, &to);
		else
			memory_failed(hammered, &to);
		memory_habit(hammered, &to, program, (enum habit)program);
		memory_ask(hammered, &to, program, FOR_S, &v);
		if ((n % 2 && v.answered) ||
		    (v.habit != HABIT_UNKNOWN && v.habit != (enum habit)program))
			atomic_fetch_add(&lies, 1);
	}
	return NULL;
}

static void hammer_in_threads(uintptr_t seed)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, hammer,
						(void *)(seed * THREADS + i + 1)),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

START_TEST(memory_is_hammered)
{
	int status;

	hammered = new_memory();
	for (uintptr_t i = 1; i < PROCESSES; i++) {
		if (fork())
			continue;
		hammer_in_threads(i);
		_exit(lies != 0);
	}
	hammer_in_threads(0);
	ck_assert_uint_eq(lies, 0);
	for (int i = 1; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* --- main ------------------------------------------------------------------ */

static TCase *module(Suite *suite, const char *name)
{
	TCase *c = tcase_create(name);

	tcase_set_timeout(c, 120);
	suite_add_tcase(suite, c);
	return c;
}

static void add_small_modules(Suite *suite)
{
	TCase *sys = module(suite, "sys"), *text = module(suite, "text");
	TCase *clock = module(suite, "clock"), *log = module(suite, "log");
	TCase *addr = module(suite, "addr");

	tcase_add_loop_test(sys, readable_bad_pointers, 0, COUNT(socket_kinds));
	tcase_add_test(sys, readable_page_edges);
	tcase_add_test(sys, readable_holes);
	tcase_add_test(sys, writable_int);
	tcase_add_test(sys, poll_one);
	tcase_add_test(sys, blocks);
	tcase_add_test(text, text_fits);
	tcase_add_test(text, text_is_cut);
	tcase_add_test(text, text_compares);
	tcase_add_test(clock, clock_ticks);
	tcase_add_test(log, log_specs);
	tcase_add_test(log, log_one_line_one_write);
	tcase_add_test(log, log_cuts);
	tcase_add_test(log, log_to_a_file);
	tcase_add_loop_test(addr, addr_prints, 0, COUNT(samples));
	tcase_add_test(addr, addr_prints_as_libc);
	tcase_add_test(addr, addr_reads);
	tcase_add_test(addr, addr_asks);
}

static void add_large_modules(Suite *suite)
{
	TCase *share = module(suite, "share");
	TCase *outcome = module(suite, "outcome"), *memory = module(suite, "memory");

	tcase_add_test(share, share_names);
	tcase_add_test(share, share_maps);
	tcase_add_test(share, share_refuses_directories);
	tcase_add_test(share, share_refuses_files);
	tcase_add_test(outcome, outcome_words);
	tcase_add_loop_test(outcome, outcome_maps, 0, COUNT(went));
	tcase_add_test(outcome, outcome_reads_facts);
	tcase_add_test(memory, memory_is_ours);
	tcase_add_test(memory, memory_proves);
	tcase_add_test(memory, memory_keeps_habits);
	tcase_add_test(memory, memory_ages);
	tcase_add_test(memory, memory_counts);
	tcase_add_test(memory, memory_takes_over);
	tcase_add_test(memory, memory_keeps_the_young);
	tcase_add_test(memory, memory_survives_garbage);
	tcase_add_test(memory, memory_is_hammered);
}

int main(void)
{
	Suite *suite = suite_create("core");
	SRunner *runner = srunner_create(suite);
	char command[64];
	int failed;

	if (!mkdtemp(room)) {
		perror(room);
		return EXIT_FAILURE;
	}
	add_small_modules(suite);
	add_large_modules(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", room);
	if (system(command) != 0)
		perror(command);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
