/* SPDX-License-Identifier: MIT */
/*
 * feed: connections of all programs of a user, as they end: from the ring of the
 * traffic file, which programs write to while somebody asks for it and never wait for.
 * So what a slow reader has missed is counted here. The file may hold anything, and
 * may go away.
 */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include <sys/types.h>

#include "core/traffic.h"

struct feed {
	struct traffic *t;
	uint64_t at;	 /* the event that is next */
	uint64_t missed; /* connections since feed_missed() */
	/* of the moment when programs were last asked to tell: */
	uint64_t until_cs, events;
	uint32_t ended;
	uint64_t stuck_us; /* when the next event was first found half written */
	dev_t device;
	ino_t inode;
};

/*
 * From now on; makes the file where there is none. 0; -ENOENT: not even a directory to
 * make it in; else it cannot be used, why says so. ret_new: no program has been here.
 */
int feed_open(struct feed *ret, struct text *why, bool *ret_new);
/* Once a second at least: programs go on telling. */
void feed_keep(struct feed *f);
/* Was the file taken away and made anew? */
bool feed_is_stale(const struct feed *f);
/* The next one; false: there is none yet. */
bool feed_next(struct feed *f, struct traffic_event *ret);
/* How many have ended that nobody was shown, since it was last asked. */
uint64_t feed_missed(struct feed *f);
void feed_drop(struct feed *f);

#endif
