/* SPDX-License-Identifier: MIT */
/* naive: the first rule that holds, by looking at each; see naive.h. */
#include "naive.h"

#include <string.h>

static bool in_net(const struct scope_target *t, const struct addr *a)
{
	struct addr cut = *a;

	if (t->net.version != a->version)
		return false;
	addr_mask(&cut, t->bits);
	return addr_same_host(&cut, &t->net);
}

static bool below(const char *host, const char *suffix)
{
	size_t n = strlen(host), m = strlen(suffix);

	return n > m && host[n - m - 1] == '.' && !strcmp(host + n - m, suffix);
}

static bool names(const struct scope_target *t, const struct addr *a, const char *host)
{
	if (!scope_has_port(t, a->port))
		return false;
	switch (t->kind) {
	case SCOPE_ANY:
		return true;
	case SCOPE_NET:
		return in_net(t, a);
	case SCOPE_HOST:
		return host && !strcmp(t->host, host);
	case SCOPE_SUFFIX:
		return host && below(host, t->host);
	}
	return false;
}

const struct rule *naive_find(const struct policy *p, const struct match_self *self,
			      enum rule_section section, const struct addr *to,
			      const char *host)
{
	for (const struct rule *r = p->rules.first; r; r = r->next) {
		bool here = !r->targets;

		if (r->section != section ||
		    !scope_is_program(r->programs, self->program) ||
		    !scope_is_user(r->users, self->uid, self->user_name))
			continue;
		for (const struct scope_target *t = r->targets; t && !here; t = t->next)
			here = names(t, to, host);
		if (here)
			return r;
	}
	return NULL;
}
