/* SPDX-License-Identifier: MIT */
/*
 * keys: what there is to know about the keys of a policy, from the rows of
 * core/policy_keys.def: as text, as mdoc for tfoshim.policy(5), as JSON. And a rule's
 * value for one of them, in words.
 */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/json.h"
#include "core/rule.h"

/* "# key: default" for each key of each section. */
void keys_show_defaults(void);
/* The lists of tfoshim.policy(5). */
void keys_show_mdoc(void);
struct json_object *keys_json_defaults(void);

/* What stands behind "key = ", without quotes, for this value and text; NULL: nothing.
 */
const char *keys_value(enum rule_key k, int64_t value, const char *text,
		       struct text *room);

#endif
