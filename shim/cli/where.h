/* SPDX-License-Identifier: MIT */
/*
 * where: ADDRESS:PORT and NAME:PORT as they are typed, and what they mean: addresses,
 * those of a name by the resolver of the system.
 */
#ifndef CLI_WHERE_H
#define CLI_WHERE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/addr.h"

#define WHERE_MOST 64

struct where {
	unsigned int n;
	struct addr at[WHERE_MOST];
	char host[256]; /* the name, as core/match wants it; empty: an address */
};

/* 0, or the status to leave with: it is told. any: '*' is every address. */
int where_find(const char *verb, const char *text, bool any, struct where *ret);
/* In lower case, without the dot at its end; false: it is too long. */
bool where_host(const char *name, char ret[256]);
/* As connect() takes it; its length. */
socklen_t where_socket(const struct addr *a, struct sockaddr_storage *ret);

#endif
