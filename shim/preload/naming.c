/* SPDX-License-Identifier: MIT */
/* naming: which socket it is that has a number; see naming.h. */
#include "preload/naming.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "core/ledger_view.h"
#include "preload/kernel.h"
#include "preload/known.h"

#define YOUNG 48 /* not KNOWN_TURNS: who has the number anew would look the same */

/*
 * Bits 0-20: descriptor plus one, 0: none; bit 21: its peer is asked for too; from 22
 * on: its turn.
 */
static _Atomic uint32_t young[YOUNG];
static _Atomic uint32_t next;
static _Atomic bool careful;

#define WITH_PEER (1u << 21)
#define TURN_SHIFT 22

static uint32_t turn_of(uint32_t fd)
{
	return known_glance((int)fd, ~0u) / KNOWN_TURN;
}

static void ask_peer(struct ledger *l, uint32_t fd, const struct ledger_birth *b)
{
	struct sockaddr_storage peer;
	struct addr a;
	socklen_t len;

	if (b->peer || kernel_peer((int)fd, &peer, &len) || !addr_read(&peer, len, &a))
		return;
	if (b->kind == LEDGER_ACCEPT)
		a.port = 0; /* each is another one's */
	ledger_connected(l, fd, ledger_peer(l, &a));
}

static void ask(struct ledger *l, uint32_t entry)
{
	uint32_t fd = (entry & (WITH_PEER - 1)) - 1;
	struct ledger_birth b;
	uint64_t life;

	if (!entry || !known_is((int)fd, KNOWN_OPEN) ||
	    turn_of(fd) != entry >> TURN_SHIFT)
		return;
	life = ledger_life(l, fd);
	if (!ledger_view_birth(l, fd, &b) || !b.open)
		return;
	if (!b.name)
		ledger_named(l, fd, life, (uint32_t)kernel_cookie((int)fd));
	if (entry & WITH_PEER)
		ask_peer(l, fd, &b);
}

void naming_put(struct ledger *l, int fd, bool with_peer)
{
	uint32_t i = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
	uint32_t entry = ((uint32_t)fd + 1) | (with_peer ? WITH_PEER : 0) |
			 turn_of((uint32_t)fd) << TURN_SHIFT;

	if (atomic_load_explicit(&careful, memory_order_relaxed))
		ask(l, entry);
	else
		ask(l, atomic_exchange_explicit(&young[i % YOUNG], entry,
						memory_order_relaxed));
}

void naming_all(struct ledger *l)
{
	for (int i = 0; i < YOUNG; i++)
		ask(l, atomic_exchange(&young[i], 0));
}

void naming_careful(void)
{
	atomic_store(&careful, true);
}
