/* SPDX-License-Identifier: MIT */
/* naive: the first rule that holds, by looking at each: what core/match has to find. */
#ifndef NAIVE_H
#define NAIVE_H

#include "core/match.h"

const struct rule *naive_find(const struct policy *p, const struct match_self *self,
			      enum rule_section section, const struct addr *to,
			      const char *host);

#endif
