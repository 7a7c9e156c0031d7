/* SPDX-License-Identifier: MIT */
/*
 * misuse: sockets closed twice, or used after their close.  A loop that closes every
 * number, as daemons do it, is neither: its closes go from number to number.  Who
 * closes an array of sockets twice in their order passes for one, too; nobody is
 * accused falsely. async-signal-safe.
 */
#ifndef PRELOAD_MISUSE_H
#define PRELOAD_MISUSE_H

#include "core/ledger.h"

/* The call at this site was told EBADF of a number that we saw closed. */
void misuse_found(struct ledger *l, enum ledger_fault fault, unsigned int fd,
		  unsigned int site, uint32_t at);
/* A number was closed at this site, well, or no socket was ever there. */
void misuse_passes(struct ledger *l, unsigned int fd, unsigned int site);
/* What was found so far is final: into the total of all programs. */
void misuse_tell(struct ledger *l);
/* Another ledger begins: its sites are others. */
void misuse_forget(void);

#endif
