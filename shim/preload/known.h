/* SPDX-License-Identifier: MIT */
/*
 * known: what we know of a number: that a socket came here, and that it went.  One byte
 * for each, so that hooks of calls that have nothing to do with it pay for one look.
 */
#ifndef PRELOAD_KNOWN_H
#define PRELOAD_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/slot.h"

enum known {
	KNOWN_OPEN = 1, /* a socket was born here, and nobody closed it yet */
	KNOWN_CLOSED =
		2, /* ... and closed; nothing was seen to have the number since */
};
#define KNOWN_TURN 4   /* above these bits: how often it was born; 0: never */
#define KNOWN_TURNS 63 /* then from 1 again */
extern HIDDEN _Atomic uint8_t known_numbers[SLOT_MAX];

/*
 * A number that is none is taken for another: what follows looks again.  Not an atomic
 * load, which compilers do not make one instruction with the test behind it.
 */
static inline __attribute__((always_inline)) unsigned int known_glance(
	int fd, unsigned int what)
{
	const uint8_t *numbers = (const uint8_t *)known_numbers;

	return numbers[(unsigned int)fd & (SLOT_MAX - 1)] & what;
}

static inline bool known_is(int fd, enum known what)
{
	return (unsigned int)fd < SLOT_MAX && known_glance(fd, what);
}

/* A socket has this number now. */
void known_born(int fd);
/* It is closed: what it was before. */
enum known known_died(int fd);
/* Something else has the number of one that was closed. */
void known_reused(int fd);
/* A number of nothing we know is to be looked at when it is closed. */
void known_watch(int fd);
/* Was there ever a socket of ours? */
bool known_ever(int fd);
/* All are forgotten. */
void known_none(void);
/* No number above it is known. */
uint32_t known_highest(void);

#endif
