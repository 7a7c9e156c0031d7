/* SPDX-License-Identifier: MIT */
/*
 * meant: the places whose sockets are meant to stay open, as a file says (core/suppress
 * reads its lines): the one that was named, or that of the policy in force here.
 */
#ifndef CLI_MEANT_H
#define CLI_MEANT_H

#include <stdbool.h>

#include "cli/places.h"
#include "cli/symbols.h"

struct meant {
	struct meant_line *line;
	size_t n;
};

/* false: it cannot be read, or not all of its lines: each is told of. */
bool meant_read(const char *path, struct meant *ret);
/*
 * That of the policy in force for this program, which may have been started with one of
 * its own (p), or not (NULL: by ours): often nothing.
 */
void meant_of_policy(const char *program, const struct process *p, struct meant *ret);
/* Those of its places that it names, with no more sockets than it allows. */
void meant_mark(const struct meant *m, const struct ledger *l, const struct symbols *s,
		struct places *places);
void meant_drop(struct meant *m);

#endif
