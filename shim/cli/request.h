/* SPDX-License-Identifier: MIT */
/*
 * request: the first bytes that a probe sends: a HEAD request, or a ClientHello. Only
 * what may be repeated without harm, and what fits into one SYN.
 */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include <stddef.h>

#include "core/addr.h"

enum request_kind {
	REQUEST_NONE,
	REQUEST_HTTP,
	REQUEST_TLS,
};

/* What a SYN over Ethernet takes with IPv6 (1500 less headers and all options). */
#define REQUEST_BYTES 1380

struct request {
	enum request_kind kind;
	const char *host; /* as where.h has it; empty: the address */
	size_t n;
	unsigned char bytes[REQUEST_BYTES];
};

/* none, http, tls */
const char *request_word(enum request_kind kind);
/* By the port. */
enum request_kind request_usual(uint16_t port);
/*
 * New bytes for the kind and the host, to be sent to that address; NULL: they are
 * there; else why not, in half a sentence.
 */
const char *request_make(struct request *r, const struct addr *to);

#endif
