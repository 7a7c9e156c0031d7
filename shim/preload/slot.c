/* SPDX-License-Identifier: MIT */
/* slot: one slot per descriptor number; see slot.h. */
#include "preload/slot.h"

#include <sys/mman.h>

#include "core/sys.h"
#include "preload/kernel.h"

#define CHUNK 512

_Atomic int slot_pending;
_Atomic int slot_deferred;
_Atomic uint8_t slot_states[SLOT_MAX];
_Atomic uint16_t slot_marks[SLOT_MAX];

static _Atomic(struct slot *) chunks[SLOT_MAX / CHUNK];
static _Atomic int highest; /* no slot above it was ever anything but plain */

static struct slot *chunk_make(unsigned int i)
{
	struct slot *none = NULL;
	long at = sys6(SYS_mmap, NULL, CHUNK * sizeof(struct slot),
		       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at < 0 && at > -4096)
		return NULL;
	if (atomic_compare_exchange_strong(&chunks[i], &none, (struct slot *)at))
		return (struct slot *)at;
	sys2(SYS_munmap, at,
	     CHUNK * sizeof(struct slot)); /* another thread was faster */
	return none;
}

struct slot *slot_room(int fd)
{
	struct slot *c;

	if ((unsigned int)fd >= SLOT_MAX)
		return NULL;
	c = atomic_load_explicit(&chunks[fd / CHUNK], memory_order_acquire);
	if (!c)
		c = chunk_make((unsigned int)fd / CHUNK);
	return c ? &c[fd % CHUNK] : NULL;
}

struct slot *slot_of(int fd)
{
	struct slot *s;

	if (slot_state(fd) == SLOT_PLAIN)
		return NULL;
	s = slot_room(fd);
	if (s && s->cookie == kernel_cookie(fd))
		return s;
	slot_set(fd, SLOT_PLAIN);
	return NULL;
}

struct slot *slot_noted(int fd)
{
	return slot_state(fd) == SLOT_PLAIN ? NULL : slot_room(fd);
}

static void raise_highest(int fd)
{
	int was = atomic_load_explicit(&highest, memory_order_relaxed);

	while (was < fd && !atomic_compare_exchange_weak(&highest, &was, fd))
		;
}

static void count(enum slot_state was, enum slot_state now)
{
	if (was == SLOT_PLAIN && now != SLOT_PLAIN)
		atomic_fetch_add(&slot_pending, 1);
	else if (was != SLOT_PLAIN && now == SLOT_PLAIN)
		atomic_fetch_sub(&slot_pending, 1);
	if (was != SLOT_DEFERRED && now == SLOT_DEFERRED)
		atomic_fetch_add(&slot_deferred, 1);
	else if (was == SLOT_DEFERRED && now != SLOT_DEFERRED)
		atomic_fetch_sub(&slot_deferred, 1);
}

void slot_set(int fd, enum slot_state to)
{
	if (to != SLOT_PLAIN)
		raise_highest(fd);
	count((enum slot_state)atomic_exchange(&slot_states[fd], (uint8_t)to), to);
}

bool slot_move(int fd, enum slot_state from, enum slot_state to)
{
	uint8_t was = (uint8_t)from;

	if (!atomic_compare_exchange_strong(&slot_states[fd], &was, (uint8_t)to))
		return false;
	count(from, to);
	return true;
}

int slot_next(int from)
{
	int top = atomic_load_explicit(&highest, memory_order_relaxed);

	for (int fd = from; fd <= top; fd++)
		if (slot_state(fd) != SLOT_PLAIN)
			return fd;
	return -1;
}

void slot_each(unsigned int first, unsigned int last, void (*f)(int fd))
{
	unsigned int top = (unsigned int)atomic_load_explicit(&highest,
							      memory_order_relaxed);

	for (unsigned int fd = first; fd <= last && fd <= top; fd++)
		if (slot_state((int)fd) != SLOT_PLAIN)
			f((int)fd);
}

/* The next slot of fd's connection from `at` on, fd itself among them, or -1. */
static int next_of(int fd, int at)
{
	struct slot *s = slot_noted(fd);
	int top = atomic_load_explicit(&highest, memory_order_relaxed);

	if (!s || !slot_has(s, SLOT_SHARED))
		return s && at <= fd ? fd : -1;
	for (; at <= top; at++) {
		struct slot *other = slot_noted(at);

		if (other && other->cookie == s->cookie)
			return at;
	}
	return -1;
}

void slot_flag_all(int fd, unsigned int flags)
{
	for (int i = next_of(fd, 0); i >= 0; i = next_of(fd, i + 1))
		slot_flag(slot_room(i), flags);
}

void slot_rode_all(int fd, size_t bytes)
{
	for (int i = next_of(fd, 0); i >= 0; i = next_of(fd, i + 1))
		slot_room(i)->thread = bytes < UINT16_MAX ? (uint32_t)bytes
							  : UINT16_MAX;
	slot_flag_all(fd, SLOT_SYN_DATA);
}

bool slot_move_all(int fd, enum slot_state from, enum slot_state to)
{
	for (int i = next_of(fd, 0); i >= 0; i = next_of(fd, i + 1))
		if (i != fd) /* by which the others are found: it comes last */
			slot_move(i, from, to);
	return slot_move(fd, from, to);
}

int slot_twin(int fd)
{
	for (int i = next_of(fd, 0); i >= 0; i = next_of(fd, i + 1))
		if (i != fd && slot_of(i))
			return i;
	return -1;
}

static _Atomic int highest_alone;

void slot_alone(int fd)
{
	int was = atomic_load_explicit(&highest_alone, memory_order_relaxed);

	slot_mark(fd, MARK_ALONE);
	while (was < fd && !atomic_compare_exchange_weak(&highest_alone, &was, fd))
		;
}

void slot_none_alone(void)
{
	int top = atomic_load_explicit(&highest_alone, memory_order_relaxed);

	for (int fd = 0; fd <= top; fd++)
		slot_unmark(fd, MARK_ALONE);
}
