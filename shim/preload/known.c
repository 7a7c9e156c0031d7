/* SPDX-License-Identifier: MIT */
/* known: what we know of a number; see known.h. */
#include "preload/known.h"

#define BITS (KNOWN_OPEN | KNOWN_CLOSED)

_Atomic uint8_t known_numbers[SLOT_MAX];
static _Atomic uint32_t highest;

void known_born(int fd)
{
	uint8_t was = atomic_load_explicit(&known_numbers[fd], memory_order_relaxed);
	uint32_t top = atomic_load_explicit(&highest, memory_order_relaxed);
	uint8_t turn = (uint8_t)((was & ~BITS) + KNOWN_TURN);

	if (!turn) /* that it ever was stays to be seen */
		turn = KNOWN_TURN;
	while (top < (uint32_t)fd &&
	       !atomic_compare_exchange_weak(&highest, &top, (uint32_t)fd))
		;
	/* between its birth and its death a number is one thread's */
	atomic_store_explicit(&known_numbers[fd], (uint8_t)(turn | KNOWN_OPEN),
			      memory_order_release);
}

enum known known_died(int fd)
{
	uint8_t was;

	if ((unsigned int)fd >= SLOT_MAX || !known_glance(fd, BITS))
		return 0;
	was = atomic_load(&known_numbers[fd]);
	while (was & KNOWN_OPEN &&
	       !atomic_compare_exchange_weak(&known_numbers[fd], &was,
					     (uint8_t)((was & ~BITS) | KNOWN_CLOSED)))
		;
	return (enum known)(was & BITS);
}

void known_reused(int fd)
{
	uint8_t was = (uint8_t)known_glance(fd, ~0u);

	while (was & KNOWN_CLOSED &&
	       !atomic_compare_exchange_weak(&known_numbers[fd], &was,
					     (uint8_t)(was & ~BITS)))
		;
}

void known_watch(int fd)
{
	uint8_t nothing = 0;

	if ((unsigned int)fd < SLOT_MAX)
		atomic_compare_exchange_strong(&known_numbers[fd], &nothing,
					       KNOWN_CLOSED);
}

bool known_ever(int fd)
{
	return known_glance(fd, ~(unsigned int)BITS);
}

void known_none(void)
{
	uint32_t top = atomic_exchange(&highest, 0);

	for (uint32_t fd = 0; fd <= top && fd < SLOT_MAX; fd++)
		if (atomic_load_explicit(&known_numbers[fd], memory_order_relaxed))
			atomic_store(&known_numbers[fd], 0);
}

uint32_t known_highest(void)
{
	return atomic_load_explicit(&highest, memory_order_relaxed);
}
