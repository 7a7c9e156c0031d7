/* SPDX-License-Identifier: MIT */
/* leaked_json: what tfo leaks found out about one process, as JSON. */
#ifndef CLI_LEAKED_JSON_H
#define CLI_LEAKED_JSON_H

#include "cli/json.h"
#include "cli/leaked.h"

struct json_object *leaked_json(const struct leaked *k);

#endif
