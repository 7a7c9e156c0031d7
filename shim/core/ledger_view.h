/* SPDX-License-Identifier: MIT */
/*
 * ledger_view: what a ledger says, for those who read it: any content is safe.  Every
 * number and every length is bounded, every text ends.  A reader of another process's
 * file copies it first (read(2)), since it may be truncated under a mapping.
 */
#ifndef CORE_LEDGER_VIEW_H
#define CORE_LEDGER_VIEW_H

#include "core/ledger.h"

/* --- reading: any content is safe --------------------------------------------------
 */

/* Do these bytes hold a ledger of this version?  l may be NULL. */
bool ledger_view_good(const struct ledger *l, size_t bytes);
/* false: nothing is known of it; fd may be any number. */
bool ledger_view_birth(const struct ledger *l, unsigned int fd,
		       struct ledger_birth *ret);

struct ledger_place {
	uint64_t key, births;
	uint32_t live, closes;
	enum ledger_how how;
	unsigned int depth;
	uint64_t frame[LEDGER_DEPTH];
};
/* false: there is no such site; it may be any number. */
bool ledger_view_site(const struct ledger *l, unsigned int site,
		      struct ledger_place *ret);
/* The module of a frame (0: none), and the offset in it or the address. */
unsigned int ledger_view_frame_module(uint64_t frame);
uint64_t ledger_view_frame_offset(uint64_t frame);

struct ledger_image {
	uint64_t base, inode;
	bool cut;
	unsigned int build_id_bytes;
	uint8_t build_id[LEDGER_BUILD_ID];
	char path[LEDGER_PATH]; /* terminated */
};
bool ledger_view_module(const struct ledger *l, unsigned int module,
			struct ledger_image *ret);
bool ledger_view_peer(const struct ledger *l, unsigned int peer, struct addr *ret);

struct ledger_case {
	enum ledger_fault fault;
	uint32_t count, last, thread;
	unsigned int fd, here, closed, born;
};
/* i < LEDGER_FINDINGS; false: there is none with this number. */
bool ledger_view_finding(const struct ledger *l, unsigned int i,
			 struct ledger_case *ret);
/* The program's file, terminated; at least LEDGER_PATH characters of room. */
void ledger_view_program(const struct ledger *l, char *ret);

#endif
