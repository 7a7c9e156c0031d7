/* SPDX-License-Identifier: MIT */
/* misuse: sockets closed twice, or used after their close; see misuse.h. */
#include "preload/misuse.h"

#include "core/clock.h"
#include "core/sys.h"
#include "preload/known.h"
#include "preload/tally.h"

#define AT_ONCE_US 1000

static _Atomic uint64_t last; /* bad close: its site, its number below */
static _Atomic uint64_t last_us;
static _Atomic uint8_t sweeper[LEDGER_SITES / 8];

/* Of the bad closes of this ledger, so many are in the total, which never goes down. */
static _Atomic uint32_t told;

static bool is_sweeper(unsigned int site)
{
	return atomic_load(&sweeper[site / 8]) >> site % 8 & 1;
}

/* What was found of that site before it was known for what it is. */
static void take_back(struct ledger *l, unsigned int site)
{
	for (int i = 0; i < LEDGER_FINDINGS; i++) {
		struct ledger_finding *f = &l->finding[i];
		uint16_t fault = LEDGER_CLOSED_TWICE;

		if (atomic_load(&f->here) == site &&
		    atomic_compare_exchange_strong(&f->fault, &fault, LEDGER_NO_FAULT))
			atomic_fetch_sub(&l->head.bad_closes, atomic_load(&f->count));
	}
}

static bool is_next(uint64_t bad, unsigned int site, unsigned int fd)
{
	return bad >> 32 == site &&
	       ((uint32_t)bad == fd - 1 || (uint32_t)bad == fd + 1);
}

static void sweeps(struct ledger *l, unsigned int site)
{
	atomic_fetch_or(&sweeper[site / 8], (uint8_t)(1 << site % 8));
	take_back(l, site);
}

static bool is_sweep(struct ledger *l, unsigned int site, unsigned int fd)
{
	uint64_t was = atomic_exchange(&last, (uint64_t)site << 32 | fd);

	atomic_store(&last_us, clock_now_us());
	if (!site || site >= LEDGER_SITES)
		return false;
	if (is_sweeper(site))
		return true;
	if (!is_next(was, site, fd))
		return false;
	sweeps(l, site);
	return true;
}

void misuse_passes(struct ledger *l, unsigned int fd, unsigned int site)
{
	if (site && site < LEDGER_SITES && is_next(atomic_load(&last), site, fd) &&
	    clock_now_us() - atomic_load(&last_us) < AT_ONCE_US)
		sweeps(l, site);
}

void misuse_found(struct ledger *l, enum ledger_fault fault, unsigned int fd,
		  unsigned int site, uint32_t at)
{
	if (!known_ever((int)fd)) {
		misuse_passes(l, fd, site);
		return;
	}
	if (fault == LEDGER_CLOSED_TWICE &&
	    clock_now_us() - atomic_load(&last_us) >= AT_ONCE_US)
		misuse_tell(l); /* those before are no beginning of a sweep */
	if (fault == LEDGER_CLOSED_TWICE && is_sweep(l, site, fd))
		return;
	ledger_finds(l, fault, fd, site, at, (uint32_t)sys1(SYS_gettid, 0));
	known_watch((int)fd - 1); /* a loop over all numbers goes on there */
	known_watch((int)fd + 1);
}

void misuse_tell(struct ledger *l)
{
	uint32_t n = atomic_load(&l->head.bad_closes), was = atomic_load(&told);

	while (n > was)
		if (atomic_compare_exchange_strong(&told, &was, n)) {
			tally_close_errors(TRAFFIC_CLOSE_EBADF, n - was);
			return;
		}
}

void misuse_forget(void)
{
	atomic_store(&told, 0);
	atomic_store(&last, 0);
	for (unsigned int i = 0; i < sizeof(sweeper); i++)
		atomic_store(&sweeper[i], 0);
}
