/* SPDX-License-Identifier: MIT */
/*
 * cookie: what the kernel itself knows of a destination: the way there, and the Fast
 * Open cookie it keeps for that pair of addresses (tcp_metrics, by generic netlink).
 */
#ifndef CLI_COOKIE_H
#define CLI_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"

#define COOKIE_MOST 16 /* RFC 7413, section 2 */

struct cookie {
	struct addr from;   /* what a connection would come from, by its route */
	bool is_own_host;   /* ... the destination itself */
	unsigned int bytes; /* 0: the kernel holds none */
	uint8_t value[COOKIE_MOST];
	unsigned int drops; /* SYNs with it that were lost in a row */
};

/* What it holds for one pair of addresses; ports are 0. */
struct cookie_held {
	struct addr to, from;
	unsigned int bytes, drops;
};

/* 0; -ENETUNREACH and its like: there is no way; -EOPNOTSUPP: it cannot be asked. */
int cookie_ask(const struct addr *to, struct cookie *ret);
/* Tells f of every cookie that this network namespace holds; 0, or -EOPNOTSUPP. */
int cookie_each(void (*f)(const struct cookie_held *c, void *with), void *with);

#endif
