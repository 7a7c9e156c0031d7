/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ledger: a file that holds anything, as bytes poked into it: it is read, all of
 * it, and then written by who believes it to be his.  Memory around it is forbidden.
 */
#include <string.h>
#include <sys/mman.h>

#include "core/ledger.h"
#include "core/ledger_view.h"
#include "fuzz.h"

#define PAGE 4096
#define FDS 600 /* read and written: more than a page of each array */

static struct ledger *l;

static void map_it(void)
{
	char *at = mmap(NULL, LEDGER_BYTES + 2 * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	MUST(at != MAP_FAILED);
	MUST(!mprotect(at + PAGE, LEDGER_BYTES, PROT_READ | PROT_WRITE));
	l = (struct ledger *)(at + PAGE);
}

/* Where numbers are that others are led by. */
static char *region(uint8_t which, size_t *ret_bytes)
{
	char *const at[] = { (char *)&l->head, (char *)l->site_index,
			     (char *)l->site,  (char *)l->module - 4096,
			     (char *)l->row,   (char *)(l->row + 1),
			     (char *)l->peer,  (char *)l->finding,
			     (char *)l->module };
	static const size_t bytes[] = { sizeof(l->head),
					2 * sizeof(l->site_index),
					4096,
					4096,
					4096,
					4096,
					1024,
					sizeof(l->finding),
					4096 };
	size_t i = which % (sizeof(at) / sizeof(*at));

	*ret_bytes = bytes[i];
	return at[i];
}

/* Eleven bytes each: where (one for the region, two in it), and eight that come there.
 */
static void poke(const uint8_t *bytes, size_t n)
{
	for (; n >= 11; bytes += 11, n -= 11) {
		size_t room, at;
		char *r = region(bytes[0], &room);

		at = (size_t)(bytes[1] | bytes[2] << 8) % (room / 8) * 8;
		memcpy(r + at, bytes + 3, 8);
	}
}

static void read_birth(uint32_t fd)
{
	struct ledger_birth b;
	struct ledger_place p;
	struct ledger_image m;
	struct addr a;

	if (!ledger_view_birth(l, fd, &b))
		return;
	MUST(b.kind > LEDGER_NEVER && b.kind < LEDGER_KINDS);
	MUST(b.site < LEDGER_SITES && b.peer < LEDGER_PEERS);
	MUST(b.closer < LEDGER_SITES && (b.open || !b.name));
	if (ledger_view_peer(l, b.peer, &a))
		MUST(a.version == 4 || a.version == 6);
	if (!ledger_view_site(l, b.site, &p))
		return;
	MUST(p.depth <= LEDGER_DEPTH);
	for (unsigned int i = 0; i < p.depth; i++)
		if (ledger_view_module(l, ledger_view_frame_module(p.frame[i]), &m))
			MUST(memchr(m.path, 0, sizeof(m.path)) &&
			     m.build_id_bytes <= LEDGER_BUILD_ID);
}

static void read_all(void)
{
	struct ledger_place p;
	struct ledger_image m;
	struct ledger_case c;
	char program[LEDGER_PATH];
	struct addr a;

	for (uint32_t fd = 0; fd < FDS; fd++)
		read_birth(fd);
	read_birth(LEDGER_FDS - 1);
	read_birth(LEDGER_FDS);
	read_birth(UINT32_MAX);
	for (unsigned int i = 0; i < 200; i++) {
		unsigned int far = i < 100 ? i : UINT32_MAX - (i - 100) * 37;

		ledger_view_site(l, far, &p);
		ledger_view_module(l, far, &m);
		ledger_view_peer(l, far, &a);
		if (ledger_view_finding(l, far, &c))
			MUST(c.here < LEDGER_SITES && c.closed < LEDGER_SITES &&
			     c.born < LEDGER_SITES);
	}
	ledger_view_program(l, program);
	MUST(memchr(program, 0, sizeof(program)));
}

static void write_some(uint8_t seed)
{
	uintptr_t at[LEDGER_DEPTH] = { seed, 7, seed, 9 };
	uint64_t frames[LEDGER_DEPTH] = { seed };
	struct ledger_file f = { seed, seed, "/a/b", (uint8_t *)"1234", 4 };
	struct addr a = { .ip = { 10, 0, 0, seed }, .port = seed, .version = 4 };
	struct ledger_birth b = {
		.kind = LEDGER_ACCEPT,
		.site = ledger_site_add(l, at, 1 + seed % 4, frames, 1 + seed % 4,
					LEDGER_BY_FRAMES),
		.peer = ledger_peer(l, &a),
		.at = seed,
	};
	struct ledger_birth seen;

	MUST(b.site < LEDGER_SITES && b.peer < LEDGER_PEERS);
	MUST(ledger_module(l, &f) < LEDGER_MODULES);
	ledger_born(l, seed, &b);
	MUST(ledger_view_birth(l, seed, &seen) && seen.open && seen.site == b.site &&
	     seen.peer == b.peer && seen.at == b.at && seen.kind == b.kind);
	ledger_named(l, seed, ledger_life(l, seed), 99);
	ledger_connected(l, seed, 5);
	if (seed & 1)
		MUST(ledger_died(l, seed, b.site, seed));
	ledger_finds(l, LEDGER_CLOSED_TWICE, seed, b.site, seed, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (!l)
		map_it();
	MUST(!madvise(l, LEDGER_BYTES, MADV_DONTNEED));
	poke(bytes, n);
	ledger_view_good(l, LEDGER_BYTES);
	read_all();
	for (size_t i = 0; i < n && i < 32; i++)
		write_some(bytes[i]);
	read_all();
	return 0;
}
