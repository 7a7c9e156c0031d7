/* SPDX-License-Identifier: MIT */
/* probed_json: what tfo probe found out, as JSON; see tfo-probe(1) for its fields. */
#ifndef CLI_PROBED_JSON_H
#define CLI_PROBED_JSON_H

#include "cli/probed.h"

struct json_object *probed_json(const struct probed *all);

#endif
