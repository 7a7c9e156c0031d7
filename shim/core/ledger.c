/* SPDX-License-Identifier: MIT */
/* ledger: the sockets of one process; see ledger.h. */
#include "core/ledger.h"

#include "core/sys.h"

#define CHAIN 64 /* nobody is looked for further down than that */
#define PEER_BITS ((uint64_t)LEDGER_NUMBER << LEDGER_PEER_SHIFT)

_Static_assert(sizeof(struct ledger_site) == 32, "the layout of the file");
_Static_assert(sizeof(struct ledger_module) == 256, "the layout of the file");
_Static_assert(sizeof(struct ledger_peer) == 32, "the layout of the file");
_Static_assert(sizeof(struct ledger_finding) == 32, "the layout of the file");
_Static_assert(sizeof(struct ledger_row) == 4096, "the layout of the file");
_Static_assert(offsetof(struct ledger, row) % 4096 == 0, "the layout of the file");
_Static_assert(offsetof(struct ledger, module) % 4096 == 2048,
	       "half a page for the first frames, half a page for the first modules");
_Static_assert(offsetof(struct ledger, site) == 3072, "the layout of the file");
_Static_assert(LEDGER_SITES <= LEDGER_NUMBER + 1 && LEDGER_PEERS <= LEDGER_NUMBER + 1,
	       "their numbers have twelve bits");

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define ADD(x, v) atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)
#define SUB(x, v) atomic_fetch_sub_explicit(&(x), (v), memory_order_relaxed)

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* What is cut off is the beginning: the end of a path says more.  true: it was cut. */
static bool put_path(_Atomic char *to, const char *from)
{
	size_t n = text_len(from), skip = n < LEDGER_PATH ? 0 : n - LEDGER_PATH + 1;

	for (size_t i = 0; i <= n - skip; i++)
		STORE(to[i], from[skip + i]);
	return skip;
}

/*
 * n numbers of one's own; 0: all are given away, or there is no room on the disk for
 * what lies there: `bytes` each from base on, or below it.
 */
static unsigned int take(_Atomic uint32_t *used, unsigned int n, unsigned int most,
			 void *base, long bytes)
{
	unsigned int was = PEEK(*used);

	do {
		char *from = (char *)base + bytes * (long)was;
		char *to = from + bytes * (long)n;

		if (was > most || n > most - was ||
		    !sys_writable_word(from < to ? from : to) ||
		    !sys_writable_word((from < to ? to : from) - sizeof(uint32_t)))
			return 0;
	} while (!atomic_compare_exchange_weak(used, &was, was + n));
	return was;
}

bool ledger_begin(struct ledger *l, const struct ledger_owner *o)
{
	struct ledger_head *h = &l->head;

	if (!sys_writable_word(h))
		return false;
	STORE(h->pid, o->pid);
	STORE(h->parent, o->parent);
	STORE(h->start, o->start);
	STORE(h->pid_space, o->pid_space);
	STORE(h->begun_us, o->begun_us);
	STORE(h->begun_s, o->begun_s);
	put_path(h->program, o->program);
	/* the first of each means: not known */
	STORE(h->sites, 1);
	STORE(h->modules, 1);
	STORE(h->peers, 1);
	STORE(h->frames, 1);
	STORE(h->state, LEDGER_RUNS);
	STORE(h->magic, LEDGER_MAGIC);
	return true;
}

bool ledger_room(struct ledger *l, unsigned int row)
{
	return sys_writable_word(&l->row[row]);
}

uint32_t ledger_time(const struct ledger *l, uint64_t now_us)
{
	uint64_t begun = PEEK(l->head.begun_us);

	return now_us > begun ? (uint32_t)((now_us - begun) / 100000) : 0;
}

/* --- sites ----------------------------------------------------------------------- */

static uint64_t site_key(const uintptr_t *at, unsigned int n)
{
	uint64_t h = n;

	for (unsigned int i = 0; i < n; i++)
		h = mix(h, at[i]);
	return h ? h : 1;
}

static _Atomic uint16_t *site_chain(struct ledger *l, uint64_t key)
{
	return &l->site_index[(key >> 40) % LEDGER_INDEX];
}

static unsigned int site_with(struct ledger *l, uint64_t key)
{
	unsigned int s = LOAD(*site_chain(l, key));

	for (int i = 0; s && s < LEDGER_SITES && i < CHAIN; i++) {
		if (PEEK(l->site[s].key) == key)
			return s;
		s = PEEK(l->site[s].next);
	}
	return 0;
}

unsigned int ledger_site_find(struct ledger *l, const uintptr_t *at, unsigned int n)
{
	return site_with(l, site_key(at, n));
}

/* Where another thread, or a signal handler, was faster with the same: that one. */
static unsigned int site_publish(struct ledger *l, uint64_t key, unsigned int s)
{
	_Atomic uint16_t *chain = site_chain(l, key);
	uint16_t first = LOAD(*chain);

	do {
		unsigned int other = site_with(l, key);

		if (other)
			return other;
		STORE(l->site[s].next, first);
	} while (!atomic_compare_exchange_strong(chain, &first, (uint16_t)s));
	return s;
}

/* A new site with its frames; 0: there is none. */
static unsigned int site_new(struct ledger *l, unsigned int n, unsigned int *ret_first)
{
	unsigned int used = take(&l->head.frames, n, LEDGER_FRAMES,
				 &l->frame[LEDGER_FRAMES], -(long)sizeof(*l->frame));

	*ret_first = LEDGER_FRAMES - used - n;
	return used ? take(&l->head.sites, 1, LEDGER_SITES, l->site, sizeof(*l->site))
		    : 0;
}

bool ledger_is_full(const struct ledger *l)
{
	return PEEK(l->head.sites) >= LEDGER_SITES ||
	       PEEK(l->head.frames) >= LEDGER_FRAMES - LEDGER_DEPTH;
}

unsigned int ledger_site_add(struct ledger *l, const uintptr_t *at, unsigned int n,
			     const uint64_t *frames, unsigned int depth,
			     enum ledger_how how)
{
	uint64_t key = site_key(at, n);
	unsigned int first, s = site_with(l, key);

	if (s || !depth || depth > LEDGER_DEPTH)
		return s;
	s = site_new(l, depth, &first);
	if (!s)
		return 0;
	for (unsigned int i = 0; i < depth; i++)
		STORE(l->frame[first + i], frames[i]);
	STORE(l->site[s].at, first);
	STORE(l->site[s].depth, (uint8_t)depth);
	STORE(l->site[s].how, (uint8_t)how);
	STORE(l->site[s].key, key);
	return site_publish(l, key, s);
}

/* --- modules and peers ------------------------------------------------------------ */

static bool is_module(const struct ledger_module *m, const struct ledger_file *f)
{
	size_t n = text_len(f->path), skip = n < LEDGER_PATH ? 0 : n - LEDGER_PATH + 1;

	if (!LOAD(m->ready) || PEEK(m->base) != f->base || PEEK(m->inode) != f->inode)
		return false;
	for (size_t i = 0; i <= n - skip; i++)
		if (PEEK(m->path[i]) != f->path[skip + i])
			return false;
	return true;
}

static void module_fill(struct ledger_module *m, const struct ledger_file *f)
{
	unsigned int n = f->build_id_bytes <= LEDGER_BUILD_ID ? f->build_id_bytes : 0;

	STORE(m->base, f->base);
	STORE(m->inode, f->inode);
	for (unsigned int i = 0; i < n; i++)
		STORE(m->build_id[i], f->build_id[i]);
	STORE(m->build_id_bytes, (uint8_t)n);
	STORE(m->cut, put_path(m->path, f->path));
	STORE(m->ready, 1);
}

unsigned int ledger_module(struct ledger *l, const struct ledger_file *f)
{
	unsigned int used = LOAD(l->head.modules), i;

	for (i = 1; i < used && i < LEDGER_MODULES; i++)
		if (is_module(&l->module[i], f))
			return i;
	i = take(&l->head.modules, 1, LEDGER_MODULES, l->module, sizeof(*l->module));
	if (i)
		module_fill(&l->module[i], f);
	return i;
}

uint64_t ledger_frame(unsigned int module, uint64_t offset)
{
	return (uint64_t)module << LEDGER_OFFSET_BITS |
	       (offset & ((UINT64_C(1) << LEDGER_OFFSET_BITS) - 1));
}

static unsigned int peer_with(struct ledger *l, _Atomic uint16_t *chain, uint64_t key)
{
	unsigned int p = LOAD(*chain);

	for (int i = 0; p && p < LEDGER_PEERS && i < CHAIN; i++) {
		if (PEEK(l->peer[p].key) == key)
			return p;
		p = PEEK(l->peer[p].next);
	}
	return 0;
}

static void peer_fill(struct ledger_peer *p, const struct addr *a, uint64_t key)
{
	for (int i = 0; i < 16; i++)
		STORE(p->ip[i], a->ip[i]);
	STORE(p->port, a->port);
	STORE(p->version, a->version);
	STORE(p->key, key);
}

unsigned int ledger_peer(struct ledger *l, const struct addr *a)
{
	uint64_t key = mix(addr_hash(a), a->version);
	_Atomic uint16_t *chain = &l->peer_index[(key >> 40) % LEDGER_INDEX];
	unsigned int p = peer_with(l, chain, key);
	uint16_t first;

	if (p)
		return p;
	p = take(&l->head.peers, 1, LEDGER_PEERS, l->peer, sizeof(*l->peer));
	if (!p)
		return 0;
	peer_fill(&l->peer[p], a, key);
	first = LOAD(*chain);
	do /* two of the same do no harm */
		STORE(l->peer[p].next, first);
	while (!atomic_compare_exchange_strong(chain, &first, (uint16_t)p));
	return p;
}

/* --- lives ------------------------------------------------------------------------ */

static uint64_t pack(const struct ledger_birth *b)
{
	return (uint64_t)b->at << LEDGER_TIME_SHIFT |
	       (uint64_t)(b->site & LEDGER_NUMBER) << LEDGER_SITE_SHIFT |
	       (uint64_t)(b->peer & LEDGER_NUMBER) << LEDGER_PEER_SHIFT |
	       (uint64_t)(b->family & 7) << LEDGER_FAMILY_SHIFT | LEDGER_OPEN |
	       (uint64_t)(b->kind & 7);
}

static struct ledger_site *site_of(struct ledger *l, uint64_t life)
{
	unsigned int s = life >> LEDGER_SITE_SHIFT & LEDGER_NUMBER;

	return &l->site[s < LEDGER_SITES ? s : 0];
}

static void raise_highest(struct ledger *l, unsigned int fd)
{
	uint32_t was = PEEK(l->head.highest);

	while (was < fd && !atomic_compare_exchange_weak(&l->head.highest, &was, fd))
		;
}

void ledger_born(struct ledger *l, unsigned int fd, const struct ledger_birth *b)
{
	uint64_t life = pack(b), was;

	STORE(*ledger_name_at(l, fd), 0);
	was = atomic_exchange_explicit(ledger_life_at(l, fd), life,
				       memory_order_acq_rel);
	if (was & LEDGER_OPEN) {
		SUB(site_of(l, was)->live, 1);
		ADD(l->head.unseen, 1);
	} else {
		ADD(l->head.open, 1);
	}
	ADD(site_of(l, life)->live, 1);
	ADD(site_of(l, life)->births, 1);
	STORE(l->head.last, b->at);
	raise_highest(l, fd);
}

bool ledger_died(struct ledger *l, unsigned int fd, unsigned int closer, uint32_t at)
{
	uint64_t was = atomic_fetch_and_explicit(ledger_life_at(l, fd), ~LEDGER_OPEN,
						 memory_order_acq_rel);

	if (!(was & LEDGER_OPEN))
		return false;
	STORE(*ledger_name_at(l, fd), closer);
	SUB(site_of(l, was)->live, 1);
	SUB(l->head.open, 1);
	ADD(l->site[closer < LEDGER_SITES ? closer : 0].closes, 1);
	STORE(l->head.last, at);
	return true;
}

uint64_t ledger_life(const struct ledger *l, unsigned int fd)
{
	return LOAD(l->row[fd / LEDGER_ROW].life[fd % LEDGER_ROW]);
}

void ledger_named(struct ledger *l, unsigned int fd, uint64_t life, uint32_t name)
{
	uint32_t none = 0;

	if (LOAD(*ledger_life_at(l, fd)) ==
	    life) /* else it is the site of its close by now */
		atomic_compare_exchange_strong(ledger_name_at(l, fd), &none, name);
}

void ledger_connected(struct ledger *l, unsigned int fd, unsigned int peer)
{
	uint64_t was = LOAD(*ledger_life_at(l, fd)), now;

	do {
		if (!(was & LEDGER_OPEN))
			return;
		now = (was & ~PEER_BITS) | (uint64_t)(peer & LEDGER_NUMBER)
						   << LEDGER_PEER_SHIFT;
	} while (!atomic_compare_exchange_weak(ledger_life_at(l, fd), &was, now));
}

/* --- findings --------------------------------------------------------------------- */

static uint64_t finding_key(enum ledger_fault fault, unsigned int here,
			    unsigned int closed, unsigned int born)
{
	return mix(mix(mix(mix(1, fault), here), closed), born) | 1;
}

void ledger_finds(struct ledger *l, enum ledger_fault fault, unsigned int fd,
		  unsigned int here, uint32_t at, uint32_t thread)
{
	unsigned int born = LOAD(*ledger_life_at(l, fd)) >> LEDGER_SITE_SHIFT &
			    LEDGER_NUMBER;
	unsigned int closed = LOAD(*ledger_name_at(l, fd)) & LEDGER_NUMBER;
	uint64_t key = finding_key(fault, here, closed, born);

	ADD(*(fault == LEDGER_CLOSED_TWICE ? &l->head.bad_closes : &l->head.bad_uses),
	    1);
	if (!sys_writable_word(l->finding) ||
	    !sys_writable_word(&l->finding[LEDGER_FINDINGS - 1]))
		return;
	for (int i = 0; i < LEDGER_FINDINGS; i++) {
		struct ledger_finding *f = &l->finding[i];
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&f->key, &none, key) && none != key)
			continue;
		STORE(f->fault, (uint16_t)fault);
		STORE(f->here, (uint16_t)here);
		STORE(f->closed, (uint16_t)closed);
		STORE(f->born, (uint16_t)born);
		STORE(f->fd, fd);
		STORE(f->last, at);
		STORE(f->thread, thread);
		ADD(f->count, 1);
		return;
	}
}
