/* SPDX-License-Identifier: MIT */
/*
 * addr: addresses and ports: read from a sockaddr, printed, asked about.  An
 * IPv4-mapped IPv6 address is its IPv4 address, as it is to the kernel's cookie cache.
 */
#ifndef CORE_ADDR_H
#define CORE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/text.h"

struct addr {
	uint8_t ip[16]; /* network order; IPv4 in the first four bytes, the rest zero */
	uint16_t port;	/* host order */
	uint8_t version; /* 4 or 6 */
	uint8_t spare;
};

/* false: not IPv4 or IPv6, or too short.  sa must be readable for len bytes. */
bool addr_read(const void *sa, socklen_t len, struct addr *ret);
/*
 * Reads the n bytes at s as an address (RFC 4291 section 2.2; IPv4 in four decimal
 * numbers); the port is left alone.  false: it is none.
 */
bool addr_parse(const char *s, size_t n, struct addr *ret);
void addr_print(struct text *t, const struct addr *a);
/* Without port and brackets. */
void addr_print_host(struct text *t, const struct addr *a);
/* Clears what lies behind the first `bits` bits; true: there was something. */
bool addr_mask(struct addr *a, unsigned int bits);
bool addr_is_loopback(const struct addr *a);
/* fe80::/10: the same address means another host on another link. */
bool addr_is_link_local(const struct addr *a);
bool addr_same_host(const struct addr *a, const struct addr *b);
uint64_t addr_hash(const struct addr *a);

#endif
