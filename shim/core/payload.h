/* SPDX-License-Identifier: MIT */
/*
 * payload: what may ride in a SYN, judged from the first bytes.  A SYN with data can
 * reach the application twice (RFC 7413, sections 6.1 and 6.3.1): what is unsafe to
 * repeat is held back.  async-signal-safe, reads n bytes and no more.
 */
#ifndef CORE_PAYLOAD_H
#define CORE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

enum payload_rule {
	PAYLOAD_ANY,	    /* everything */
	PAYLOAD_AUTO,	    /* all but what is known to be unsafe to repeat */
	PAYLOAD_IDEMPOTENT, /* only what is known to be safe */
	PAYLOAD_NONE,	    /* nothing: the SYN goes alone, with the cookie */
};

/* A segment over Ethernet: who judges sees all that rides. */
#define PAYLOAD_BYTES 1460

/* May these n bytes, at most PAYLOAD_BYTES, be what a SYN carries? */
bool payload_may_ride(enum payload_rule rule, const void *bytes, size_t n);

#endif
