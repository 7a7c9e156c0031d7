/* SPDX-License-Identifier: MIT */
/* setting: a line "key = value" of a policy, into the rule it stands in. */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include "core/parser.h"

void setting_read(struct parser *s);

#endif
