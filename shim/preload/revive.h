/* SPDX-License-Identifier: MIT */
/*
 * revive: a connection that was lost because of the data in its SYN is opened again,
 * plainly, by the same socket, and what rode in the SYN is sent once more.  Lost: the
 * SYN was refused (some middleboxes answer data in a SYN by a RST), or what may be
 * repeated has been met with silence for two SYNs.  A second refusal is the truth.
 * async-signal-safe.
 */
#ifndef PRELOAD_REVIVE_H
#define PRELOAD_REVIVE_H

#include <stdbool.h>

#include "preload/kept.h"
#include "preload/slot.h"

/* Its first write may be under way still, in another thread. */
static inline bool revive_may(int fd)
{
	enum slot_state state = slot_state(fd);

	return state == SLOT_OPENING || state == SLOT_DEFERRED;
}

/*
 * Does what can be done without waiting.  true: bytes are owed still, a handshake is
 * under way; after it this is to be called again.
 */
bool revive_step(int fd, struct slot *s);
/* ... after the kernel has told its end: looks until that is to be seen, too. */
bool revive_ended(int fd, struct slot *s);
/* ... and waits for that, and for the first handshake; at most so long. */
void revive_settle(int fd, struct slot *s, int timeout_ms);
/* What is kept for it; and not in vain: it may yet stand. */
struct kept *revive_kept(const struct slot *s);
bool revive_is_under_way(const struct slot *s);
/* Who sleeps on one of them without end looks so often. */
#define REVIVE_LOOK_MS 1250
/* All of them, without waiting. */
void revive_look(uint64_t now_us);
/* Before a process becomes another program. */
void revive_all(int timeout_ms);
/* For how long a wait of an event loop may sleep on while anything is kept. */
uint64_t revive_slice_us(uint64_t waited_us);

#endif
