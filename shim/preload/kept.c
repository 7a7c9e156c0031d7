/* SPDX-License-Identifier: MIT */
/* kept: copies of the bytes that rode in a SYN; see kept.h. */
#include "preload/kept.h"

#include <sys/mman.h>

#include "core/sys.h"

_Atomic int kept_count;
_Atomic int kept_owed;

static struct kept entry[KEPT_MOST];
static _Atomic int top; /* none was ever in use from here on */
/* Mapped at the first need, and touched as far as entries are used at a time. */
static _Atomic(uint8_t (*)[KEPT_BYTES]) bytes_of;

static uint8_t (*bytes_map(void))[KEPT_BYTES]
{
	uint8_t(*none)[KEPT_BYTES] = NULL;
	long at = (long)atomic_load_explicit(&bytes_of, memory_order_acquire);

	if (at)
		return (uint8_t(*)[KEPT_BYTES])at;
	at = sys6(SYS_mmap, NULL, KEPT_MOST * KEPT_BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at < 0 && at > -4096)
		return NULL;
	if (atomic_compare_exchange_strong(&bytes_of, &none,
					   (uint8_t(*)[KEPT_BYTES])at))
		return (uint8_t(*)[KEPT_BYTES])at;
	sys2(SYS_munmap, at, KEPT_MOST * KEPT_BYTES); /* another was faster */
	return none;
}

bool kept_has_room(void)
{
	return atomic_load_explicit(&kept_count, memory_order_relaxed) <
		       KEPT_MOST * 3 / 4 &&
	       bytes_map();
}

static void raise_top(int to)
{
	int was = atomic_load_explicit(&top, memory_order_relaxed);

	while (was < to && !atomic_compare_exchange_weak(&top, &was, to))
		;
}

/* The first that is free: what is in use stays together. */
static struct kept *claim(void)
{
	for (int i = 0; i < KEPT_MOST; i++) {
		uint8_t none = KEPT_FREE;

		if (atomic_load_explicit(&entry[i].state, memory_order_relaxed) !=
			    KEPT_FREE ||
		    !atomic_compare_exchange_strong(&entry[i].state, &none,
						    KEPT_RIDING))
			continue;
		atomic_fetch_add(&kept_count, 1);
		raise_top(i + 1);
		return &entry[i];
	}
	return NULL;
}

struct kept *kept_take(uint64_t cookie, int fd, const void *bytes, size_t n)
{
	uint8_t(*room)[KEPT_BYTES] = bytes_map();
	struct kept *k;

	if (kept_any())
		kept_release(cookie);
	k = room && n && n <= KEPT_BYTES ? claim() : NULL;
	if (!k)
		return NULL;
	__builtin_memcpy(room[k - entry], bytes, n);
	k->length = (uint16_t)n;
	k->sent = 0;
	k->retries = 0;
	k->error = 0;
	atomic_store_explicit(&k->fd, fd, memory_order_relaxed);
	atomic_store_explicit(&k->cookie, cookie, memory_order_release);
	return k;
}

void kept_rode(struct kept *k, uint64_t cookie, size_t n)
{
	/* it is ours, but somebody may just be finding out that it is not his */
	while (!kept_seize(k, cookie, KEPT_RIDING)) {
		if (atomic_load(&k->cookie) != cookie)
			return; /* nor is it ours any more */
		sys1(SYS_sched_yield, 0);
	}
	if (n < k->length)
		k->length = (uint16_t)n;
	kept_yield(k, n ? KEPT_HELD : KEPT_FREE);
}

struct kept *kept_next(int *at)
{
	int end = atomic_load_explicit(&top, memory_order_relaxed);

	for (; *at < end; ++*at)
		if (kept_state(&entry[*at]) != KEPT_FREE)
			return &entry[*at];
	return NULL;
}

struct kept *kept_find(uint64_t cookie)
{
	struct kept *k;

	for (int i = 0; (k = kept_next(&i)); i++)
		if (atomic_load_explicit(&k->cookie, memory_order_acquire) == cookie)
			return k;
	return NULL;
}

const void *kept_bytes(const struct kept *k)
{
	return atomic_load_explicit(&bytes_of, memory_order_acquire)[k - entry];
}

bool kept_seize(struct kept *k, uint64_t cookie, enum kept_state from)
{
	uint8_t was = (uint8_t)from;

	if (!atomic_compare_exchange_strong(&k->state, &was, KEPT_BUSY))
		return false;
	if (atomic_load(&k->cookie) == cookie) {
		if (from == KEPT_REOPENED)
			atomic_fetch_sub(&kept_owed, 1);
		return true;
	}
	atomic_store(&k->state, (uint8_t)from); /* it has come to another since */
	return false;
}

void kept_yield(struct kept *k, enum kept_state to)
{
	if (to == KEPT_REOPENED)
		atomic_fetch_add(&kept_owed, 1);
	if (to == KEPT_FREE)
		atomic_store(&k->cookie, 0);
	atomic_store(&k->state, (uint8_t)to);
	if (to == KEPT_FREE)
		atomic_fetch_sub(&kept_count, 1);
}

void kept_release(uint64_t cookie)
{
	struct kept *k = kept_find(cookie);
	enum kept_state state = k ? kept_state(k) : KEPT_FREE;

	/* who has it now will find out */
	if (state != KEPT_FREE && state != KEPT_BUSY && kept_seize(k, cookie, state))
		kept_yield(k, KEPT_FREE);
}

void kept_moves(uint64_t cookie, int fd)
{
	struct kept *k = kept_find(cookie);

	if (k)
		atomic_store(&k->fd, fd);
}

void kept_forget(void)
{
	int end = atomic_load(&top);

	for (int i = 0; i < end; i++) {
		atomic_store(&entry[i].cookie, 0);
		atomic_store(&entry[i].state, KEPT_FREE);
	}
	atomic_store(&kept_count, 0);
	atomic_store(&kept_owed, 0);
	atomic_store(&top, 0);
}
