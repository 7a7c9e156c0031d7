/* SPDX-License-Identifier: MIT */
/*
 * netstat: what the kernel itself counts of Fast Open in this network namespace,
 * whoever did it, and how it is set there.
 */
#ifndef CLI_NETSTAT_H
#define CLI_NETSTAT_H

#include <stdbool.h>
#include <stdint.h>

/* TcpExt of /proc/net/netstat. */
enum netstat_counter {
	NETSTAT_ACTIVE,	      /* data in our SYN was acknowledged */
	NETSTAT_ACTIVE_FAIL,  /* ... was not, or the SYN was lost */
	NETSTAT_PASSIVE,      /* we took data from a SYN */
	NETSTAT_PASSIVE_FAIL, /* ... did not: cookie, or no room */
	NETSTAT_OVERFLOW,     /* ... since too many were waiting */
	NETSTAT_COOKIE_ASKED, /* of us, by clients */
	NETSTAT_BLACKHOLE,    /* the kernel stopped all its clients for a while */
	NETSTAT_COUNTERS
};

enum netstat_key {
	NETSTAT_KEY_UNSEEN, /* only root may read it */
	NETSTAT_KEY_NONE,
	NETSTAT_KEY_SET,
};

struct netstat {
	bool is_known[NETSTAT_COUNTERS];
	uint64_t n[NETSTAT_COUNTERS];
	long fastopen;	      /* the bits of net.ipv4.tcp_fastopen; -1: unseen */
	long blackhole_s;     /* its tcp_fastopen_blackhole_timeout_sec; -1: unseen */
	enum netstat_key key; /* tcp_fastopen_key: that of its listeners */
};

void netstat_read(struct netstat *ret);
/* TCPFastOpenActive, ... */
const char *netstat_name(enum netstat_counter c);

#endif
