/* SPDX-License-Identifier: MIT */
/*
 * netstat: what the kernel counts in our network namespace, of all programs, ours or
 * not: the rows of /proc/self/net/netstat (TcpExt).
 */
#ifndef CLI_NETSTAT_H
#define CLI_NETSTAT_H

#include <stdbool.h>
#include <stdint.h>

struct netstat {
	char *names, *values; /* two lines, word by word the same */
};

/* false: it is not to be had. */
bool netstat_read(struct netstat *ret);
/* false: this kernel does not count that. */
bool netstat_get(const struct netstat *s, const char *name, uint64_t *ret);
void netstat_drop(struct netstat *s);

#endif
