/* SPDX-License-Identifier: MIT */
/*
 * places: the open sockets of a ledger by the place of their birth, as far as the
 * kernel confirms them: what it does not know as the same socket was closed behind our
 * back and is nobody's fault. It does not name the places, and it does not judge.
 */
#ifndef CLI_PLACES_H
#define CLI_PLACES_H

#include "cli/ledgers.h"
#include "cli/sockets.h"
#include "core/ledger_view.h"

#define PLACES_PEERS 32	  /* that are told apart */
#define PLACES_STANDARD 3 /* input, output and error may be sockets, and stay */

struct places_peer {
	struct addr at; /* port 0: any */
	unsigned int n;
};

struct place {
	unsigned int site;
	enum ledger_kind kind;
	struct ledger_place born;
	unsigned int live;  /* all that are open */
	unsigned int count; /* ... and old enough to be looked at; what follows is of
			       these */
	unsigned int listening;
	unsigned int spent;	 /* no good to anybody: the other side has left */
	uint32_t oldest, newest; /* tenths of a second */
	unsigned int in_minute, in_hour, in_day; /* born so recently */
	unsigned int state[SOCKETS_STATES];
	uint64_t received, unsent; /* bytes that wait */
	struct places_peer peer[PLACES_PEERS];
	unsigned int peers;
	bool more_peers;
	/* what others find out */
	const char *meant; /* the line that says it may stay open */
	bool was_seen;	   /* somebody has looked before, ... */
	uint32_t looked_s; /* ... so long ago, */
	int64_t growth;	   /* ... and so many more are open since */
};

enum places_checked {
	PLACES_CHECKED,
	PLACES_UNNAMED, /* ... as descriptors; but their states are not to be had */
	PLACES_HIDDEN,	/* not at all: its descriptors are not for us to see */
	PLACES_DEAD,	/* there is nothing left to ask about */
};

struct places {
	struct place *at; /* the worst first */
	unsigned int n;
	unsigned int live, count, young;
	unsigned int strangers;	  /* sockets that the ledger knows nothing of */
	unsigned int behind;	  /* closed behind our back */
	unsigned int descriptors; /* of all kinds, ... */
	uint64_t limit;		  /* ... of which it may have so many; 0: not known */
	enum places_checked checked;
	uint32_t now; /* as a birth's time; of a dead one its last sign */
};

/* false: no memory. Of a dead one every socket is old enough. */
bool places_read(const struct ledgers_one *one, uint32_t min_age, struct places *ret);
void places_drop(struct places *p);

#endif
