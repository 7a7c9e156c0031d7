/* SPDX-License-Identifier: MIT */
/* match: which rule holds; see match.h. */
#include "core/match.h"

#include "core/nets.h"
#include "core/ports.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(bytes) arena_take(arena, bytes)
#define uthash_free(at, bytes) (void)(at)
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

struct name {
	UT_hash_handle hh;
	struct ports_claim *claims, **last;
	struct ports ports;
};

struct table {
	struct nets nets[2]; /* IPv4, IPv6 */
	struct ports_claim *any, **any_last;
	struct ports any_ports;
	struct name *hosts, *suffixes;
};

struct match {
	const struct rule **rules;
	struct table connect, listen;
	const struct rule *leaks, *log;
};

struct building {
	struct arena *arena; /* what stays */
	struct arena scratch;
	struct match *m;
};

/* --- names ----------------------------------------------------------------------- */

static struct name *name_of(struct arena *arena, struct name **hash, const char *s,
			    size_t n)
{
	struct name *found;

	HASH_FIND(hh, *hash, s, n, found);
	if (found)
		return found;
	found = arena_take(arena, sizeof(*found));
	if (!found)
		return NULL;
	found->last = &found->claims;
	HASH_ADD_KEYPTR(hh, *hash, s, n, found);
	return *hash ? found : NULL;
}

static bool lay_names(struct building *b, struct name *hash)
{
	for (struct name *n = hash; n; n = n->hh.next)
		if (!ports_lay(&n->ports, n->claims, b->arena, &b->scratch))
			return false;
	return true;
}

/* Hands the names over that stand for this host, the exact one first; false: an end. */
static bool each_name(const struct table *t, const char *host,
		      bool (*f)(void *to, const struct ports *p), void *to)
{
	size_t n = text_len(host);
	struct name *found;

	if (t->hosts) {
		HASH_FIND(hh, t->hosts, host, n, found);
		if (found && !f(to, &found->ports))
			return false;
	}
	while (t->suffixes && n) {
		for (; n && *host != '.'; n--)
			host++;
		if (!n)
			break;
		host++;
		n--;
		HASH_FIND(hh, t->suffixes, host, n, found);
		if (found && !f(to, &found->ports))
			return false;
	}
	return true;
}

struct best {
	uint32_t order;
	uint16_t port;
};

static bool better(void *to, const struct ports *p)
{
	struct best *b = to;

	b->order = ports_order(p, b->port, b->order);
	return true;
}

static bool none(void *to, const struct ports *p)
{
	(void)to;
	(void)p;
	return false;
}

bool match_names(const struct match *m, const char *host)
{
	return !each_name(&m->connect, host, none, NULL);
}

static uint32_t name_order(const struct table *t, const char *host, uint16_t port,
			   uint32_t best)
{
	struct best b = { best, port };

	each_name(t, host, better, &b);
	return b.order;
}

/* --- building -------------------------------------------------------------------- */

static bool put_claim(struct building *b, struct table *t,
		      const struct scope_target *at, struct ports_claim c)
{
	struct ports_claim ***last = &t->any_last, *to;
	struct name *name;

	if (at && at->kind == SCOPE_NET) {
		nets_claim(&t->nets[at->net.version == 6], &at->net, at->bits, c);
		return true;
	}
	if (at && at->kind != SCOPE_ANY) {
		name = name_of(b->arena,
			       at->kind == SCOPE_HOST ? &t->hosts : &t->suffixes,
			       at->host, at->host_n);
		if (!name)
			return false;
		last = &name->last;
	}
	to = arena_take(&b->scratch, sizeof(*to));
	if (!to)
		return false;
	*to = c;
	**last = to;
	*last = &to->next;
	return true;
}

static bool put_target(struct building *b, struct table *t,
		       const struct scope_target *at, uint32_t order)
{
	struct ports_claim c = { .order = order, .last = PORTS_ALL - 1 };

	if (!at || !at->ports)
		return put_claim(b, t, at, c);
	for (const struct scope_ports *p = at->ports; p; p = p->next) {
		c.first = p->first;
		c.last = p->last;
		if (!put_claim(b, t, at, c))
			return false;
	}
	return true;
}

static bool put_rule(struct building *b, const struct rule *r, uint32_t order)
{
	struct match *m = b->m;
	struct table *t = r->section == SECTION_connect ? &m->connect : &m->listen;

	m->rules[order] = r;
	if (r->section == SECTION_leaks || r->section == SECTION_log) {
		const struct rule **at = r->section == SECTION_leaks ? &m->leaks
								     : &m->log;

		*at = *at ? *at : r;
		return true;
	}
	if (!r->targets)
		return put_target(b, t, NULL, order);
	for (const struct scope_target *at = r->targets; at; at = at->next)
		if (!put_target(b, t, at, order))
			return false;
	return true;
}

static bool concerns(const struct rule *r, const struct match_self *self)
{
	return scope_is_program(r->programs, self->program) &&
	       scope_is_user(r->users, self->uid, self->user_name);
}

/* Room for the claims on nets, which are sorted as an array. */
static bool count_nets(struct building *b, const struct policy *p)
{
	uint32_t n[2][2] = { { 0 } };

	for (const struct rule *r = p->rules.first; r; r = r->next)
		for (const struct scope_target *t = r->targets; t; t = t->next) {
			uint32_t *at =
				&n[r->section == SECTION_listen][t->net.version == 6];

			if (t->kind != SCOPE_NET)
				continue;
			*at += !t->ports;
			for (const struct scope_ports *q = t->ports; q; q = q->next)
				++*at;
		}
	for (int i = 0; i < 4; i++) {
		struct table *t = i / 2 ? &b->m->listen : &b->m->connect;

		t->nets[i % 2].claims = arena_take(
			&b->scratch, n[i / 2][i % 2] * sizeof(struct nets_claim));
		if (!t->nets[i % 2].claims)
			return false;
	}
	return true;
}

static bool lay_table(struct building *b, struct table *t)
{
	return nets_lay(&t->nets[0], b->arena, &b->scratch) &&
	       nets_lay(&t->nets[1], b->arena, &b->scratch) && lay_names(b, t->hosts) &&
	       lay_names(b, t->suffixes) &&
	       ports_lay(&t->any_ports, t->any, b->arena, &b->scratch);
}

static bool build(struct building *b, const struct policy *p,
		  const struct match_self *self)
{
	struct match *m = b->m;
	uint32_t order = 0;

	if (!p->rules.n)
		return true; /* all of it empty */
	m->rules = arena_take(b->arena, p->rules.n * sizeof(*m->rules));
	if (!m->rules || !count_nets(b, p))
		return false;
	m->connect.any_last = &m->connect.any;
	m->listen.any_last = &m->listen.any;
	for (const struct rule *r = p->rules.first; r; r = r->next)
		if (concerns(r, self) && !put_rule(b, r, order++))
			return false;
	return lay_table(b, &m->connect) && lay_table(b, &m->listen);
}

struct match *match_build(struct policy *p, const struct match_self *self)
{
	struct building b = { .arena = &p->arena };
	bool good;

	b.m = arena_take(&p->arena, sizeof(*b.m));
	good = b.m && build(&b, p, self);
	arena_drop(&b.scratch);
	return good ? b.m : NULL;
}

const struct rule *match_find(const struct match *m, enum rule_section section,
			      const struct addr *to, const char *host)
{
	const struct table *t = section == SECTION_connect ? &m->connect : &m->listen;
	uint32_t best;

	if (section == SECTION_leaks)
		return m->leaks;
	if (section == SECTION_log)
		return m->log;
	best = ports_order(&t->any_ports, to->port, PORTS_NONE);
	best = nets_order(&t->nets[to->version == 6], to, best);
	if (host && *host)
		best = name_order(t, host, to->port, best);
	return best == PORTS_NONE ? NULL : m->rules[best];
}

bool match_wants_names(const struct match *m)
{
	return m->connect.hosts || m->connect.suffixes;
}
