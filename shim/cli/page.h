/* SPDX-License-Identifier: MIT */
/*
 * page: what a ledger says at this moment: a copy of those parts of it that are in use.
 * Whether it is one is asked here; which file it is in, and whose, is not.
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ledger.h"

struct page {
	struct ledger *l; /* the copy */
	int fd;		  /* the file, or the memory of the process, ... */
	uint64_t at;	  /* ... where the ledger begins there */
};

/* Keeps fd, or closes it where the answer is false: what is there is no ledger. */
bool page_read(int fd, uint64_t at, struct page *ret);
/* One that says nothing. */
bool page_empty(struct page *ret);
/* What the ledger itself, not the copy, says of this descriptor by now. */
uint64_t page_life(const struct page *p, unsigned int fd);
void page_drop(struct page *p);

#endif
