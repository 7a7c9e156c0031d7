/* SPDX-License-Identifier: MIT */
/*
 * probing: the connections to one address: first one that asks for a cookie and carries
 * nothing in its SYN, then pairs of a plain one and one with Fast Open, in random
 * order, with pauses. It ends early where more of them would tell nothing new. What it
 * all means is left to cli/passage.
 */
#ifndef CLI_PROBING_H
#define CLI_PROBING_H

#include "cli/attempt.h"
#include "cli/cookie.h"
#include "cli/request.h"

#define PROBING_PAIRS 100 /* at most */
#define PROBING_CONTACTS 2

struct probing {
	struct addr at;
	enum request_kind request;
	unsigned int pairs; /* that were asked for */
	bool is_off;	    /* the kernel's clients do no Fast Open */
	int kernel;	    /* what cookie_ask() gave */
	struct cookie before, after;
	unsigned int renewed; /* another cookie came, so often */
	struct attempt contact[PROBING_CONTACTS];
	unsigned int contacts;
	struct attempt plain[PROBING_PAIRS], fast[PROBING_PAIRS];
	unsigned int plains, fasts;
	bool is_mute;	 /* the contact's request was not answered */
	bool greets;	 /* nothing is sent, and it speaks first */
	bool is_stopped; /* by Ctrl-C or the time: there would have been more */
};

/* Who else wants to know; both may be NULL. */
struct probing_watch {
	void (*before)(const struct probing *p);
	void (*after)(const struct probing *p, const struct attempt *a, void *with);
	void *with;
};

/* at, request, pairs and is_off are set, all else is zero. */
void probing_run(struct probing *p, struct request *request, uint64_t until_us,
		 const struct probing_watch *watch);

/* Is there a way there at all? Else no connection is made. */
bool probing_has_route(const struct probing *p);
/* Had it trouble because of Fast Open: a lost SYN, a reset, silence? */
bool probing_is_loss(const struct attempt *a);
/* Those that are known, in us: how many. */
size_t probing_first_bytes(const struct attempt *all, unsigned int n,
			   double ret[PROBING_PAIRS]);
/* The medians, in us; 0: none is known. */
uint32_t probing_handshake_us(const struct attempt *all, unsigned int n);
uint32_t probing_first_byte_us(const struct attempt *all, unsigned int n);

#endif
