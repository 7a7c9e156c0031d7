/* SPDX-License-Identifier: MIT */
/* core/ledger, core/ledger_view: what is written is read; a crowd; a full house. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/ledger.h"
#include "core/ledger_view.h"
#include "unit.h"

static struct ledger *l;

static void begin(void)
{
	const struct ledger_owner o = {
		.pid = 12,
		.parent = 11,
		.start = 345,
		.pid_space = 678,
		.begun_us = 1000000,
		.begun_s = 99,
		.program = "/usr/bin/x",
	};

	l = mmap(NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert(l != MAP_FAILED);
	ck_assert(!ledger_view_good(l, LEDGER_BYTES));
	ck_assert(ledger_begin(l, &o));
}

static void end(void)
{
	munmap(l, LEDGER_BYTES);
}

static unsigned int site(uintptr_t caller)
{
	uint64_t frame = ledger_frame(0, caller);

	return ledger_site_add(l, &caller, 1, &frame, 1, LEDGER_BY_CALLER);
}

START_TEST(ledger_begins)
{
	char program[LEDGER_PATH];

	ck_assert(ledger_view_good(l, LEDGER_BYTES));
	ck_assert(!ledger_view_good(l, LEDGER_BYTES - 1));
	ck_assert(!ledger_view_good(NULL, LEDGER_BYTES));
	ck_assert_uint_eq(l->head.pid, 12);
	ck_assert_uint_eq(l->head.parent, 11);
	ck_assert_uint_eq(l->head.start, 345);
	ck_assert_uint_eq(l->head.pid_space, 678);
	ck_assert_uint_eq(l->head.state, LEDGER_RUNS);
	ledger_view_program(l, program);
	ck_assert_str_eq(program, "/usr/bin/x");
	ck_assert_uint_eq(ledger_time(l, 1000000), 0);
	ck_assert_uint_eq(ledger_time(l, 999), 0);
	ck_assert_uint_eq(ledger_time(l, 4250000), 32);
	l->head.magic ^= 1;
	ck_assert(!ledger_view_good(l, LEDGER_BYTES));
}
END_TEST

/* No room on the disk, as the kernel says it of memory that may not be written. */
START_TEST(ledger_needs_room)
{
	const struct ledger_owner o = { .program = "" };

	ck_assert(ledger_room(l, 5) && ledger_room(l, LEDGER_ROWS - 1));
	ck_assert_int_eq(mprotect(l, LEDGER_BYTES, PROT_READ), 0);
	ck_assert(!ledger_begin(l, &o));
	ck_assert(!ledger_room(l, 5));
}
END_TEST

START_TEST(ledger_lives)
{
	struct ledger_birth b = {
		.kind = LEDGER_ACCEPT,
		.family = LEDGER_FAMILY_IPV6,
		.site = site(100),
		.at = 7,
	};
	const struct addr a = { .ip = { 10, 1, 2, 3 }, .port = 443, .version = 4 };
	unsigned int closer = site(200);
	struct ledger_birth seen;
	struct ledger_place p;
	struct addr peer;

	ck_assert(!ledger_view_birth(l, 9, &seen));
	ledger_born(l, 9, &b);
	ck_assert(ledger_view_birth(l, 9, &seen));
	ck_assert(seen.open && seen.kind == LEDGER_ACCEPT && seen.at == 7 &&
		  seen.family == LEDGER_FAMILY_IPV6 && seen.site == b.site &&
		  !seen.peer && !seen.name && !seen.closer);
	ledger_named(l, 9, ledger_life(l, 9), 0xabcdef12);
	ledger_named(l, 9, ledger_life(l, 9), 77); /* it has one */
	ledger_connected(l, 9, ledger_peer(l, &a));
	ck_assert(ledger_view_birth(l, 9, &seen));
	ck_assert_uint_eq(seen.name, 0xabcdef12);
	ck_assert(ledger_view_peer(l, seen.peer, &peer));
	ck_assert(!memcmp(&peer, &a, sizeof(a)));
	ck_assert_uint_eq(l->head.open, 1);
	ck_assert_uint_eq(l->head.highest, 9);
	ck_assert(ledger_died(l, 9, closer, 8));
	ck_assert(!ledger_died(l, 9, closer, 9));
	ck_assert(ledger_view_birth(l, 9, &seen));
	ck_assert(!seen.open && seen.site == b.site && seen.closer == closer &&
		  !seen.name);
	ck_assert_uint_eq(l->head.open, 0);
	ck_assert(ledger_view_site(l, b.site, &p));
	ck_assert(p.births == 1 && p.live == 0 && p.closes == 0);
	ck_assert(ledger_view_site(l, closer, &p));
	ck_assert(p.births == 0 && p.closes == 1);
}
END_TEST

/* What was closed unseen and came again. */
START_TEST(ledger_reborn)
{
	struct ledger_birth b = { .kind = LEDGER_SOCKET, .site = site(100) };
	struct ledger_place p;
	uint64_t before;

	ledger_born(l, 3, &b);
	before = ledger_life(l, 3);
	b.site = site(200);
	b.at = 1;
	ledger_born(l, 3, &b);
	ck_assert_uint_eq(l->head.unseen, 1);
	ck_assert_uint_eq(l->head.open, 1);
	ledger_named(l, 3, before, 5); /* the old one's name comes too late */
	ck_assert_uint_eq(*ledger_name_at(l, 3), 0);
	ck_assert(ledger_view_site(l, site(100), &p) && p.live == 0 && p.births == 1);
	ck_assert(ledger_view_site(l, site(200), &p) && p.live == 1);
	ledger_died(l, 3, 0, 2);
	ledger_connected(l, 3, 5);
	ck_assert_uint_eq(ledger_life(l, 3) >> LEDGER_PEER_SHIFT & LEDGER_NUMBER, 0);
}
END_TEST

START_TEST(ledger_sites)
{
	const uintptr_t at[] = { 1, 2, 3 }, other[] = { 1, 2 };
	const uint64_t frames[] = { ledger_frame(4, 5), ledger_frame(6, 7) };
	unsigned int one = ledger_site_add(l, at, 3, frames, 2, LEDGER_BY_TABLES);
	struct ledger_place p;

	ck_assert_uint_ne(one, 0);
	ck_assert_uint_eq(ledger_site_find(l, at, 3), one);
	ck_assert_uint_eq(ledger_site_add(l, at, 3, NULL, 1, LEDGER_BY_CALLER), one);
	ck_assert_uint_eq(ledger_site_find(l, other, 2), 0);
	ck_assert(ledger_view_site(l, one, &p));
	ck_assert(p.depth == 2 && p.how == LEDGER_BY_TABLES);
	ck_assert_uint_eq(ledger_view_frame_module(p.frame[1]), 6);
	ck_assert_uint_eq(ledger_view_frame_offset(p.frame[1]), 7);
	ck_assert(!ledger_view_site(l, 0, &p));
	ck_assert(!ledger_view_site(l, one + 1, &p));
	ck_assert(!ledger_view_site(l, LEDGER_SITES + one, &p));
	l->site[one].depth = LEDGER_DEPTH + 1;
	ck_assert(ledger_view_site(l, one, &p) && p.depth == 0);
	l->site[one].depth = 2;
	l->site[one].at = LEDGER_FRAMES - 1;
	ck_assert(ledger_view_site(l, one, &p) && p.depth == 0);
}
END_TEST

START_TEST(ledger_sites_full)
{
	unsigned int n = 0;
	struct ledger_birth b = { .kind = LEDGER_SOCKET };

	for (uintptr_t i = 1; i < 2 * LEDGER_SITES; i++)
		n += site(i << 20) != 0;
	ck_assert_uint_eq(n, LEDGER_SITES - 1);
	ck_assert(ledger_is_full(l));
	for (uintptr_t i = 1; i < LEDGER_SITES; i++)
		ck_assert_uint_eq(ledger_site_find(l, &(uintptr_t){ i << 20 }, 1), i);
	ledger_born(l, 4, &b);
	ck_assert(ledger_died(l, 4, 0, 0));
}
END_TEST

START_TEST(ledger_modules)
{
	char path[600];
	const uint8_t id[] = { 1, 2, 3, 4 };
	struct ledger_file f = { 0x1000, 5, "/lib/a.so", id, 4 };
	unsigned int a = ledger_module(l, &f), b;
	struct ledger_image m;

	ck_assert_uint_ne(a, 0);
	ck_assert_uint_eq(ledger_module(l, &f), a);
	f.base = 0x2000;
	b = ledger_module(l, &f);
	ck_assert(b && b != a);
	ck_assert(ledger_view_module(l, b, &m));
	ck_assert(m.base == 0x2000 && m.inode == 5 && m.build_id_bytes == 4 &&
		  m.build_id[3] == 4 && !m.cut);
	ck_assert_str_eq(m.path, "/lib/a.so");
	memset(path, 'x', sizeof(path) - 1);
	strcpy(path + sizeof(path) - 6, "y.so");
	f.path = path;
	a = ledger_module(l, &f);
	ck_assert(ledger_module(l, &f) == a && ledger_view_module(l, a, &m));
	ck_assert(m.cut && strlen(m.path) == LEDGER_PATH - 1 &&
		  !strcmp(m.path + LEDGER_PATH - 5, "y.so"));
	for (unsigned int i = 0; i < LEDGER_MODULES; i++) {
		f.base = i * 0x10000;
		ledger_module(l, &f);
	}
	ck_assert_uint_eq(ledger_module(l, &(struct ledger_file){ 1, 1, "/z", id, 4 }),
			  0);
	ck_assert(!ledger_view_module(l, 0, &m));
	ck_assert(!ledger_view_module(l, LEDGER_MODULES, &m));
}
END_TEST

START_TEST(ledger_peers_full)
{
	struct addr a = { .version = 4 }, seen;
	unsigned int n = 0, first = 0;

	for (unsigned int i = 0; i < 2 * LEDGER_PEERS; i++) {
		memcpy(a.ip, &i, sizeof(i));
		n += ledger_peer(l, &a) != 0;
		if (!i)
			first = ledger_peer(l, &a);
	}
	ck_assert_uint_eq(n, LEDGER_PEERS - 1);
	memset(a.ip, 0, 4);
	ck_assert_uint_eq(ledger_peer(l, &a), first);
	ck_assert(!ledger_view_peer(l, 0, &seen));
	ck_assert(!ledger_view_peer(l, LEDGER_PEERS, &seen));
}
END_TEST

START_TEST(ledger_findings)
{
	struct ledger_birth b = { .kind = LEDGER_SOCKET, .site = site(1) };
	struct ledger_case c;
	unsigned int closer = site(2), here = site(3), n = 0;

	ledger_born(l, 6, &b);
	ledger_died(l, 6, closer, 0);
	ledger_finds(l, LEDGER_CLOSED_TWICE, 6, here, 4, 1234);
	ledger_finds(l, LEDGER_CLOSED_TWICE, 6, here, 5, 1235);
	ledger_finds(l, LEDGER_READ_AFTER_CLOSE, 6, here, 5, 1235);
	ck_assert(ledger_view_finding(l, 0, &c));
	ck_assert(c.fault == LEDGER_CLOSED_TWICE && c.count == 2 && c.fd == 6 &&
		  c.here == here && c.closed == closer && c.born == b.site &&
		  c.last == 5 && c.thread == 1235);
	ck_assert(ledger_view_finding(l, 1, &c) && c.count == 1 &&
		  c.fault == LEDGER_READ_AFTER_CLOSE);
	ck_assert(!ledger_view_finding(l, 2, &c));
	ck_assert(!ledger_view_finding(l, LEDGER_FINDINGS, &c));
	for (unsigned int i = 0; i < 2 * LEDGER_FINDINGS; i++)
		ledger_finds(l, LEDGER_CLOSED_TWICE, 6, i, 0, 0);
	for (unsigned int i = 0; i < LEDGER_FINDINGS; i++)
		n += ledger_view_finding(l, i, &c);
	ck_assert_uint_eq(n, LEDGER_FINDINGS);
	ck_assert_uint_eq(l->head.bad_closes, 2 + 2 * LEDGER_FINDINGS);
}
END_TEST

/* --- many at once ----------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 20000
#define KINDS_OF_SITES 50

static void *work(void *with)
{
	unsigned int own = (unsigned int)(uintptr_t)with;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct ledger_birth b = {
			.kind = LEDGER_SOCKET,
			.site = site(i % KINDS_OF_SITES + 1),
			.at = i,
		};
		unsigned int fd = own * 100 + i % 100;

		ledger_born(l, fd, &b);
		ledger_named(l, fd, ledger_life(l, fd), i + 1);
		if (i % 10) /* each tenth stays, until the number comes again */
			ledger_died(l, fd, b.site, i);
	}
	return NULL;
}

START_TEST(ledger_crowd)
{
	pthread_t t[THREADS];
	uint64_t births = 0, live = 0;
	unsigned int open = 0;
	struct ledger_place p;
	struct ledger_birth b;

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (unsigned int s = 1; s < LEDGER_SITES; s++)
		if (ledger_view_site(l, s, &p)) {
			births += p.births;
			live += p.live;
		}
	for (unsigned int fd = 0; fd < THREADS * 100; fd++)
		open += ledger_view_birth(l, fd, &b) && b.open;
	ck_assert_uint_eq(births, THREADS * ROUNDS);
	ck_assert_uint_eq(open, THREADS * 10);
	ck_assert_uint_eq(live, open);
	ck_assert_uint_eq(l->head.open, open);
	for (uintptr_t i = 1; i <= KINDS_OF_SITES; i++)
		ck_assert_uint_ne(ledger_site_find(l, &i, 1), 0);
}
END_TEST

START_TEST(ledger_cost)
{
	struct ledger_birth b = { .kind = LEDGER_SOCKET, .site = site(1) };
	const unsigned int n = 1000000;
	uint64_t ns = unit_cpu_ns();

	for (unsigned int i = 0; i < n; i++) {
		ledger_born(l, i % 1000, &b);
		ledger_died(l, i % 1000, b.site, 1);
	}
	ns = unit_cpu_ns() - ns;
	printf("# a birth and a death: %.0f ns\n", (double)ns / n);
	ck_assert(UNIT_SANITIZED || ns / n < 500);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_checked_fixture(c, begin, end);
	tcase_add_test(c, ledger_begins);
	tcase_add_test(c, ledger_needs_room);
	tcase_add_test(c, ledger_lives);
	tcase_add_test(c, ledger_reborn);
	tcase_add_test(c, ledger_sites);
	tcase_add_test(c, ledger_sites_full);
	tcase_add_test(c, ledger_modules);
	tcase_add_test(c, ledger_peers_full);
	tcase_add_test(c, ledger_findings);
	tcase_add_test(c, ledger_crowd);
	tcase_add_test(c, ledger_cost);
}

int main(void)
{
	return unit_run("ledger", add);
}
