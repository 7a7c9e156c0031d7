/* SPDX-License-Identifier: MIT */
/* explained: what explain found out, as text and as JSON. */
#ifndef CLI_EXPLAINED_H
#define CLI_EXPLAINED_H

#include "cli/cookie.h"
#include "cli/json.h"
#include "core/memory_view.h"
#include "core/rule.h"

struct explained {
	enum rule_section section;
	struct addr at;
	const char *host;    /* NULL: none */
	const char *program; /* a path; empty: none was named */
	uint32_t uid;
	const char *user; /* NULL: it has no name */

	const struct rule *rule; /* NULL: no rule holds */
	bool is_bad;		 /* ... since the policy has errors */

	const char *no_memory; /* why it cannot be looked at, or NULL */
	bool is_other_user, is_known;
	struct memory_facts facts;
	struct memory_view view;
	int kernel; /* what cookie_ask() said */
	struct cookie cookie;

	const char *word; /* of cli/verdict */
	struct text sentence;
};

/* is_next: one stands before it. */
void explained_show(const struct explained *e, bool is_next);
struct json_object *explained_json(const struct explained *e);

#endif
