/* SPDX-License-Identifier: MIT */
/* names: host names behind addresses; see names.h. */
#include "preload/names.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/live.h"
#include "core/sys.h"
#include "core/text.h"

#define ENTRIES 1024 /* a power of two */
#define PROBES 8
#define KEPT_US (UINT64_C(86400) * 1000000)

/* Odd while it is written: who reads looks at it before and after. */
struct entry {
	_Atomic uint32_t version;
	struct addr host; /* its port is 0 */
	_Atomic uint64_t used_us;
	bool ruled; /* some rule names it: it only makes way for such as itself */
	char name[NAMES_BYTES];
};

static _Atomic(struct entry *) table;

static struct entry *table_now(bool make)
{
	struct entry *t = atomic_load_explicit(&table, memory_order_acquire),
		     *none = NULL;
	long at;

	if (t || !make)
		return t;
	at = sys6(SYS_mmap, NULL, ENTRIES * sizeof(*t), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at < 0 && at > -4096)
		return NULL;
	if (atomic_compare_exchange_strong(&table, &none, (struct entry *)at))
		return (struct entry *)at;
	sys2(SYS_munmap, at, ENTRIES * sizeof(*t));
	return none;
}

static struct addr host_of(const struct addr *a)
{
	struct addr host = *a;

	host.port = 0;
	return host;
}

static bool gives_way(struct entry *a, struct entry *b)
{
	return a->ruled != b->ruled
		       ? b->ruled
		       : atomic_load(&a->used_us) < atomic_load(&b->used_us);
}

/* Its own place, a free one, or that of the longest unused. */
static struct entry *place_of(struct entry *t, const struct addr *host)
{
	uint64_t h = addr_hash(host);
	struct entry *best = NULL;

	for (unsigned int i = 0; i < PROBES; i++) {
		struct entry *e = &t[(h + i) % ENTRIES];

		if (!e->name[0] || addr_same_host(&e->host, host))
			return e;
		if (!best || gives_way(e, best))
			best = e;
	}
	return best;
}

static bool copy_name(char *to, const char *host)
{
	struct text t = { to, 0, NAMES_BYTES };

	to[0] = 0;
	for (; *host; host++) {
		bool capital = *host >= 'A' && *host <= 'Z';

		if (t.n + 1 == t.room)
			return false;
		text_char(&t, capital ? (char)(*host - 'A' + 'a') : *host);
	}
	if (t.n && to[t.n - 1] == '.')
		to[--t.n] = 0;
	return t.n > 0;
}

/* As inet_aton(3) reads numbers: 127.1, 0x7f000001; and what has a scope. */
static bool is_number(const char *name)
{
	struct addr a;
	bool hex = false, number = true;

	for (const char *c = name, *part = name; *c && number; c++) {
		if (*c == '%')
			return true;
		if (*c == '.')
			part = c + 1, hex = false;
		else if (c == part + 1 && *part == '0' && *c == 'x')
			hex = true;
		else
			number = (*c >= '0' && *c <= '9') ||
				 (hex && *c >= 'a' && *c <= 'f');
	}
	return number || addr_parse(name, text_len(name), &a);
}

void names_learn(const char *host, const struct addr *a)
{
	struct addr key = host_of(a);
	struct entry *t, *e;
	uint32_t version;
	char name[NAMES_BYTES];
	uint64_t mask;
	bool ruled;

	if (!copy_name(name, host) || is_number(name))
		return;
	ruled = live_names(name);
	t = table_now(true);
	if (!t)
		return;
	e = place_of(t, &key);
	if (e->ruled && !ruled && !addr_same_host(&e->host, &key))
		return; /* no room but at the cost of a rule */
	sys_hold_signals(&mask);
	version = atomic_load(&e->version);
	if (!(version & 1) && /* else another thread is at it */
	    atomic_compare_exchange_strong(&e->version, &version, version + 1)) {
		e->host = key;
		e->ruled = ruled;
		__builtin_memcpy(e->name, name, sizeof(name));
		atomic_store(&e->used_us, clock_now_us());
		atomic_store(&e->version, version + 2);
	}
	sys_let_signals(&mask);
}

static bool read_entry(struct entry *e, const struct addr *host, char *ret)
{
	uint32_t version = atomic_load(&e->version);
	bool same;

	if (version & 1 || !version)
		return false;
	same = addr_same_host(&e->host, host);
	if (same)
		__builtin_memcpy(ret, e->name, NAMES_BYTES);
	atomic_thread_fence(memory_order_acquire);
	return same && atomic_load(&e->version) == version;
}

bool names_find(const struct addr *a, char *ret)
{
	struct addr key = host_of(a);
	struct entry *t = table_now(false);
	uint64_t h, now;

	if (!t)
		return false;
	h = addr_hash(&key);
	now = clock_now_us();
	for (unsigned int i = 0; i < PROBES; i++) {
		struct entry *e = &t[(h + i) % ENTRIES];

		if (!read_entry(e, &key, ret))
			continue;
		if (now - atomic_load(&e->used_us) > KEPT_US)
			return false;
		atomic_store(&e->used_us, now);
		return true;
	}
	return false;
}
