/* SPDX-License-Identifier: MIT */
/* guest: which processes take part; see guest.h. */
#include "core/guest.h"

#include "core/sys.h"

#define PROBES 16
#define TAKEN_S 10   /* who has not begun his row by then was killed */
#define AWAY_S 86400 /* of another container, and not seen for so long */

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define SET(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, n) atomic_fetch_add_explicit(&(x), (n), memory_order_relaxed)

/* The upper half: the process; the lower one: its program since the last exec. */
static uint32_t half_of(uint32_t pid, uint64_t start, uint64_t pid_space)
{
	uint64_t h = (pid_space ^ start << 20 ^ pid) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 32) | 1;
}

static uint32_t half(const struct self_process *p)
{
	return half_of(p->pid, p->start, p->pid_space);
}

/* The key of a row that somebody is about to begin: since when, and no program. */
static uint64_t taken(uint32_t now_s)
{
	return (uint64_t)now_s << 32;
}

uint64_t guest_key(const struct guest_owner *o)
{
	return (uint64_t)half(&o->process) << 32 | o->image;
}

static unsigned int probe(uint64_t key, unsigned int i)
{
	return ((uint32_t)(key >> 32) / 2 + i) % TRAFFIC_GUESTS;
}

int guest_find(const struct traffic *t, uint64_t key)
{
	for (unsigned int i = 0; i < PROBES; i++)
		if (LOAD(t->guest[probe(key, i)].key) == key)
			return (int)probe(key, i);
	return -1;
}

static bool is_long_ago(uint32_t then, uint32_t now, uint32_t s)
{
	return then > now || now - then > s;
}

/* The process of that row is no more, as far as can be seen from here. */
static bool is_dead(const struct traffic_guest *g, uint64_t key,
		    const struct guest_owner *o, uint32_t now_s)
{
	uint32_t seen_s = LOAD(g->seen_s), pid = LOAD(g->pid);

	if (!(uint32_t)key) /* taken(): what else is there is of who had it before */
		return is_long_ago((uint32_t)(key >> 32), now_s, TAKEN_S);
	if (LOAD(g->pid_space) != o->process.pid_space)
		return is_long_ago(seen_s, now_s, AWAY_S);
	return !pid || pid > INT32_MAX || sys2(SYS_kill, pid, 0) == -ESRCH;
}

static void put_name(struct traffic_guest *g, const char *name)
{
	for (size_t i = 0; i < TRAFFIC_NAME; i++) {
		SET(g->name[i], i + 1 < TRAFFIC_NAME ? *name : '\0');
		name += *name != '\0';
	}
}

/* Nobody else looks at it: its key is taken(). */
static void begin(struct traffic_guest *g, const struct guest_owner *o, uint32_t now_s)
{
	SET(g->start, o->process.start);
	SET(g->pid_space, o->process.pid_space);
	SET(g->pid, o->process.pid);
	SET(g->program, o->program);
	SET(g->begun_s, now_s);
	SET(g->seen_s, now_s);
	SET(g->listeners, 0);
	SET(g->aside, TRAFFIC_TAKES_PART);
	put_name(g, o->name);
	for (int i = 0; i < OUTCOMES; i++)
		for (int r = 0; r < TRAFFIC_REASONS; r++)
			SET(g->counts.n[i][r], 0);
	STORE(g->key, guest_key(o));
}

void guest_free(struct traffic *t, int row, uint64_t key)
{
	if (row >= 0)
		atomic_compare_exchange_strong(
			&t->guest[(unsigned int)row % TRAFFIC_GUESTS].key, &key, 0);
}

/* Of this very process before its exec: it may stand behind one that is free now. */
static void free_former(struct traffic *t, const struct guest_owner *o)
{
	for (unsigned int i = 0; i < PROBES; i++) {
		unsigned int row = probe(guest_key(o), i);
		uint64_t key = LOAD(t->guest[row].key);

		if (key >> 32 == half(&o->process) && (uint32_t)key != o->image)
			guest_free(t, (int)row, key);
	}
}

int guest_claim(struct traffic *t, const struct guest_owner *o, uint32_t now_s)
{
	int begun = guest_find(t, guest_key(o));

	if (begun >= 0) /* by another thread: it may have counted already */
		return begun;
	free_former(t, o);
	for (unsigned int i = 0; i < PROBES; i++) {
		unsigned int row = probe(guest_key(o), i);
		struct traffic_guest *g = &t->guest[row];
		uint64_t was = LOAD(g->key);

		if ((was && !is_dead(g, was, o, now_s)) ||
		    !atomic_compare_exchange_strong(&g->key, &was, taken(now_s)))
			continue;
		begin(g, o, now_s);
		return (int)row;
	}
	STORE(t->full_s, now_s);
	return -1;
}

struct traffic_guest *guest_row(struct traffic *t, int row, uint64_t key)
{
	struct traffic_guest *g = &t->guest[(unsigned int)row % TRAFFIC_GUESTS];

	return row >= 0 && LOAD(g->key) == key ? g : NULL;
}

void guest_count(struct traffic_guest *g, const struct traffic_event *e, uint32_t n,
		 uint32_t now_s)
{
	if (e->outcome >= OUTCOMES || e->reason >= REASONS)
		return;
	ADD(g->counts.n[e->outcome][e->reason], n);
	SET(g->seen_s, now_s);
}

bool guest_look(const struct traffic *t, unsigned int row, struct guest_view *ret)
{
	const struct traffic_guest *g = &t->guest[row % TRAFFIC_GUESTS];
	uint64_t key = LOAD(g->key);
	uint32_t aside = LOAD(g->aside);

	ret->start = LOAD(g->start);
	ret->pid_space = LOAD(g->pid_space);
	ret->pid = LOAD(g->pid);
	ret->program = LOAD(g->program);
	ret->begun_s = LOAD(g->begun_s);
	ret->seen_s = LOAD(g->seen_s);
	ret->listeners = LOAD(g->listeners);
	ret->aside = aside < TRAFFIC_ASIDES ? (enum traffic_aside)aside
					    : TRAFFIC_TAKES_PART;
	for (size_t i = 0; i < TRAFFIC_NAME; i++)
		ret->name[i] = atomic_load_explicit(&g->name[i], memory_order_relaxed);
	ret->name[TRAFFIC_NAME - 1] = '\0';
	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			ret->n[o][r] = LOAD(g->counts.n[o][r]);
	/* what is being begun, or was written by somebody else, does not fit together
	 */
	return ret->pid && ret->pid <= INT32_MAX &&
	       key >> 32 == half_of(ret->pid, ret->start, ret->pid_space);
}

const char *guest_aside(enum traffic_aside a)
{
	switch (a) {
	case TRAFFIC_TAKES_PART:
		return "takes_part";
	case TRAFFIC_ASIDE_SECCOMP:
		return "seccomp";
	case TRAFFIC_ASIDE_IO_URING:
		return "io_uring";
	case TRAFFIC_ASIDE_POLICY:
		return "policy";
	case TRAFFIC_ASIDES:
		break;
	}
	return "takes_part";
}
