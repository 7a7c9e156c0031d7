/* SPDX-License-Identifier: MIT */
/* lint: what is hardly meant in a policy; see lint.h. */
#include "cli/lint.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* A section without targets, and a target without ports. */
static const struct scope_target everywhere = { .kind = SCOPE_ANY };
static const struct scope_ports every_port = { .last = UINT16_MAX };

static const struct scope_target *targets_of(const struct rule *r)
{
	return r->targets ? r->targets : &everywhere;
}

static const struct scope_ports *ports_of(const struct scope_target *t)
{
	return t->ports ? t->ports : &every_port;
}

/* --- does a speak for all that b names? ------------------------------------------ */

static bool covers_net(const struct scope_target *a, const struct scope_target *b)
{
	unsigned int bytes = a->bits / 8, rest = a->bits % 8;

	return b->kind == SCOPE_NET && a->net.version == b->net.version &&
	       a->bits <= b->bits && !memcmp(a->net.ip, b->net.ip, bytes) &&
	       (!rest || !((a->net.ip[bytes] ^ b->net.ip[bytes]) >> (8 - rest)));
}

static bool is_below(const struct scope_target *b, const struct scope_target *suffix)
{
	const char *end = b->host + b->host_n - suffix->host_n;

	return b->host_n > suffix->host_n && end[-1] == '.' &&
	       !strcmp(end, suffix->host);
}

static bool covers_host(const struct scope_target *a, const struct scope_target *b)
{
	switch (a->kind) {
	case SCOPE_ANY:
		return true;
	case SCOPE_NET:
		return covers_net(a, b);
	case SCOPE_HOST:
		return b->kind == SCOPE_HOST && !strcmp(a->host, b->host);
	case SCOPE_SUFFIX:
		return (b->kind == SCOPE_SUFFIX && !strcmp(a->host, b->host)) ||
		       (b->host && is_below(b, a));
	}
	return false;
}

static bool has_user(const struct scope_who *w, const char *name)
{
	while (w && strcmp(w->name, name))
		w = w->next;
	return w != NULL;
}

/* Whoever r is for, q is for too. */
static bool speaks_for(const struct rule *q, const struct rule *r)
{
	if (q->section != r->section || (q->programs && !r->programs) ||
	    (q->users && !r->users))
		return false;
	for (const struct scope_who *w = r->programs; w; w = w->next)
		if (!scope_is_program(q->programs, w->name))
			return false;
	for (const struct scope_who *w = r->users; w && q->users; w = w->next)
		if (!has_user(q->users, w->name))
			return false;
	return true;
}

/* --- what those before it take --------------------------------------------------- */

struct taken {
	const struct rule *by;
	bool by_others; /* it took several */
};

/* The port behind the range in which q takes this one of t; the port itself: not. */
static unsigned int range_of(const struct rule *q, const struct scope_target *t,
			     unsigned int port)
{
	for (const struct scope_target *a = targets_of(q); a; a = a->next) {
		if (!covers_host(a, t))
			continue;
		for (const struct scope_ports *p = ports_of(a); p; p = p->next)
			if (port >= p->first && port <= p->last)
				return p->last + 1u;
	}
	return port;
}

static unsigned int taken_until(const struct policy *p, const struct rule *r,
				const struct scope_target *t, unsigned int port,
				struct taken *ret)
{
	for (const struct rule *q = p->rules.first; q != r; q = q->next) {
		unsigned int end = speaks_for(q, r) ? range_of(q, t, port) : port;

		if (end == port)
			continue;
		ret->by_others |= ret->by && ret->by != q;
		ret->by = ret->by ? ret->by : q;
		return end;
	}
	return port;
}

static bool never_holds(const struct policy *p, const struct rule *r, struct taken *ret)
{
	for (const struct scope_target *t = targets_of(r); t; t = t->next)
		for (const struct scope_ports *q = ports_of(t); q; q = q->next)
			for (unsigned int port = q->first, end; port <= q->last;
			     port = end) {
				end = taken_until(p, r, t, port, ret);
				if (end == port)
					return false;
			}
	return true;
}

static unsigned int warn(const struct rule *r, const char *sentence,
			 const struct rule *of)
{
	char *said;
	int len;

	if (of)
		len = asprintf(&said, "warning: %s %s:%u", sentence, of->file,
			       of->line);
	else
		len = asprintf(&said, "warning: %s", sentence);
	if (len >= 0) {
		say_at(r->file, r->line, 0, said);
		free(said);
	}
	return 1;
}

unsigned int lint_policy(const struct policy *p)
{
	unsigned int n = 0;

	for (const struct rule *r = p->rules.first; r; r = r->next) {
		struct taken taken = { NULL, false };

		if (never_holds(p, r, &taken))
			n += warn(r,
				  taken.by_others ? "this section never holds: all it "
						    "names is taken by sections before "
						    "it, the first at"
						  : "this section never holds: all it "
						    "names is taken by the one at",
				  taken.by);
		if (!r->settings)
			n += warn(r, "this section sets nothing: the defaults hold",
				  NULL);
	}
	return n;
}
