/* SPDX-License-Identifier: MIT */
/*
 * served: one document over HTTP, made when somebody asks for it, until a signal ends
 * it. What is in it is left to who serves it.
 */
#ifndef CLI_SERVED_H
#define CLI_SERVED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/addr.h"

struct served {
	const char *path; /* "/metrics" */
	const char *type; /* of its content */
	/* malloc'ed bytes; NULL: why says so, in a sentence. */
	char *(*make)(void *with, size_t *ret_n, const char **ret_why);
	void *with;
};

/*
 * Serves it there, until SIGTERM or SIGINT: the status to leave with.  ready is told
 * the address once somebody may ask: a port that was 0 is known then.
 */
int served_run(const struct served *what, const struct addr *at,
	       void (*ready)(const struct addr *at));

#endif
