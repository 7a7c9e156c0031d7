/* SPDX-License-Identifier: MIT */
/* ledger_view: what a ledger says, whatever it holds; see ledger_view.h. */
#include "core/ledger_view.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)

static void get_path(const _Atomic char *from, char *to)
{
	for (size_t i = 0; i < LEDGER_PATH; i++)
		to[i] = PEEK(from[i]);
	to[LEDGER_PATH - 1] = 0;
}

bool ledger_view_good(const struct ledger *l, size_t bytes)
{
	return l && bytes == LEDGER_BYTES && LOAD(l->head.magic) == LEDGER_MAGIC;
}

static unsigned int bounded(uint64_t number, unsigned int most)
{
	return number < most ? (unsigned int)number : 0;
}

bool ledger_view_birth(const struct ledger *l, unsigned int fd,
		       struct ledger_birth *ret)
{
	uint64_t life = fd < LEDGER_FDS
				? LOAD(l->row[fd / LEDGER_ROW].life[fd % LEDGER_ROW])
				: 0;
	unsigned int family = life >> LEDGER_FAMILY_SHIFT & 7;
	uint32_t name;

	if ((life & 7) == LEDGER_NEVER || (life & 7) >= LEDGER_KINDS)
		return false;
	name = LOAD(l->row[fd / LEDGER_ROW].name[fd % LEDGER_ROW]);
	ret->kind = (enum ledger_kind)(life & 7);
	ret->family = family <= LEDGER_FAMILY_NETLINK ? (enum ledger_family)family
						      : LEDGER_FAMILY_UNKNOWN;
	ret->site = bounded(life >> LEDGER_SITE_SHIFT & LEDGER_NUMBER, LEDGER_SITES);
	ret->peer = bounded(life >> LEDGER_PEER_SHIFT & LEDGER_NUMBER, LEDGER_PEERS);
	ret->at = (uint32_t)(life >> LEDGER_TIME_SHIFT);
	ret->open = life & LEDGER_OPEN;
	ret->name = ret->open ? name : 0;
	ret->closer = ret->open ? 0 : bounded(name, LEDGER_SITES);
	return true;
}

bool ledger_view_site(const struct ledger *l, unsigned int site,
		      struct ledger_place *ret)
{
	const struct ledger_site *s = &l->site[bounded(site, LEDGER_SITES)];
	unsigned int how = PEEK(s->how), at = PEEK(s->at), depth = PEEK(s->depth);

	*ret = (struct ledger_place){ 0 };
	ret->key = LOAD(s->key);
	if (!ret->key || !site || site >= LEDGER_SITES)
		return false;
	ret->births = PEEK(s->births);
	ret->live = PEEK(s->live);
	ret->closes = PEEK(s->closes);
	ret->how = how <= LEDGER_BY_TABLES ? (enum ledger_how)how : LEDGER_BY_CALLER;
	if (depth > LEDGER_DEPTH || at >= LEDGER_FRAMES || depth > LEDGER_FRAMES - at)
		return true;
	ret->depth = depth;
	for (unsigned int i = 0; i < depth; i++)
		ret->frame[i] = PEEK(l->frame[at + i]);
	return true;
}

unsigned int ledger_view_frame_module(uint64_t frame)
{
	return bounded(frame >> LEDGER_OFFSET_BITS, LEDGER_MODULES);
}

uint64_t ledger_view_frame_offset(uint64_t frame)
{
	return frame & ((UINT64_C(1) << LEDGER_OFFSET_BITS) - 1);
}

bool ledger_view_module(const struct ledger *l, unsigned int module,
			struct ledger_image *ret)
{
	const struct ledger_module *m = &l->module[bounded(module, LEDGER_MODULES)];
	unsigned int n = PEEK(m->build_id_bytes);

	if (!module || module >= LEDGER_MODULES || !LOAD(m->ready))
		return false;
	ret->base = PEEK(m->base);
	ret->inode = PEEK(m->inode);
	ret->cut = PEEK(m->cut);
	ret->build_id_bytes = n <= LEDGER_BUILD_ID ? n : 0;
	for (unsigned int i = 0; i < LEDGER_BUILD_ID; i++)
		ret->build_id[i] = PEEK(m->build_id[i]);
	get_path(m->path, ret->path);
	return true;
}

bool ledger_view_peer(const struct ledger *l, unsigned int peer, struct addr *ret)
{
	const struct ledger_peer *p = &l->peer[bounded(peer, LEDGER_PEERS)];
	unsigned int version;

	if (!peer || peer >= LEDGER_PEERS || !LOAD(p->key))
		return false;
	version = PEEK(p->version);
	if (version != 4 && version != 6)
		return false;
	*ret = (struct addr){ .port = PEEK(p->port), .version = (uint8_t)version };
	for (int i = 0; i < 16; i++)
		ret->ip[i] = PEEK(p->ip[i]);
	return true;
}

bool ledger_view_finding(const struct ledger *l, unsigned int i,
			 struct ledger_case *ret)
{
	const struct ledger_finding *f = &l->finding[bounded(i, LEDGER_FINDINGS)];
	unsigned int fault = PEEK(f->fault);

	if (i >= LEDGER_FINDINGS || !LOAD(f->key) || !fault ||
	    fault > LEDGER_READ_AFTER_CLOSE)
		return false;
	ret->fault = (enum ledger_fault)fault;
	ret->count = PEEK(f->count);
	ret->last = PEEK(f->last);
	ret->thread = PEEK(f->thread);
	ret->fd = PEEK(f->fd);
	ret->here = bounded(PEEK(f->here), LEDGER_SITES);
	ret->closed = bounded(PEEK(f->closed), LEDGER_SITES);
	ret->born = bounded(PEEK(f->born), LEDGER_SITES);
	return true;
}

void ledger_view_program(const struct ledger *l, char *ret)
{
	get_path(l->head.program, ret);
}
