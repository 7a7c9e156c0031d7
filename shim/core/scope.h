/* SPDX-License-Identifier: MIT */
/*
 * scope: where a section of a policy holds: its targets (address, CIDR, host name,
 * suffix, any; ports) and its qualifiers (program, user).  One word of a section's head
 * to one of them, and back.
 */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/arena.h"
#include "core/sink.h"
#include "core/text.h"

enum scope_kind {
	SCOPE_ANY,    /* * */
	SCOPE_NET,    /* an address is a net of all its bits */
	SCOPE_HOST,   /* host.example.com */
	SCOPE_SUFFIX, /* *.example.com: every name below it, at any depth */
};

struct scope_ports {
	uint16_t first, last; /* both are in it */
	struct scope_ports *next;
};

struct scope_target {
	enum scope_kind kind;
	struct addr net;
	unsigned int bits;
	const char *host; /* lower case; of a suffix without "*." */
	size_t host_n;
	struct scope_ports *ports; /* NULL: every port */
	struct scope_target *next;
};

/* Who: a program's name, or its path where it begins with /; a user's name or number.
 */
struct scope_who {
	const char *name;
	struct scope_who *next;
};

/*
 * Reads the n bytes at s.  NULL: good; else a sentence, at *ret_at bytes behind s.  The
 * sentence stands in *why where it is not constant.
 */
const char *scope_target_parse(struct arena *a, const char *s, size_t n,
			       struct scope_target *ret, size_t *ret_at,
			       struct text *why);
const char *scope_who_parse(struct arena *a, const char *s, size_t n,
			    struct scope_who **ret);
void scope_target_print(const struct sink *to, const struct scope_target *t);
void scope_who_print(const struct sink *to, const char *qualifier,
		     const struct scope_who *w);

bool scope_has_port(const struct scope_target *t, uint16_t port);
/* program: the path of its file. */
bool scope_is_program(const struct scope_who *w, const char *program);
/* user_name may be NULL: then only numbers count. */
bool scope_is_user(const struct scope_who *w, uint32_t uid, const char *user_name);

#endif
