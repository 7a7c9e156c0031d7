/* SPDX-License-Identifier: MIT */
/* looks: what was seen when somebody last looked; see looks.h. */
#include "cli/looks.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/rows.h"
#include "core/share.h"

#define LOOKS_FILE "looks.1" /* its version is its name; any content is safe */
#define LOOKS 4096
#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)

struct look {
	struct rows_head head;
	_Atomic uint64_t was; /* bits 32-63 when, bits 0-31 how many were open */
	_Atomic uint64_t of;  /* whose that is: rows change hands */
};

static uint64_t mix(uint64_t key, uint64_t more)
{
	key = (key ^ more) * UINT64_C(0x9e3779b97f4a7c15);
	return key ^ key >> 29;
}

static uint64_t key_of(const struct ledger_head *h, const struct place *p)
{
	uint64_t key = mix(PEEK(h->pid_space), PEEK(h->start));

	key = mix(mix(key, PEEK(h->pid)), PEEK(h->begun_us));
	return mix(mix(key, p->born.key), (uint64_t)p->kind) | 1;
}

static void compare(const struct rows *all, uint64_t key, struct place *p, uint32_t now)
{
	struct rows_head *row = rows_claim(all, key, now);
	struct look *look = (struct look *)(void *)row;
	uint64_t was;
	bool is_new;

	if (!row)
		return;
	is_new = atomic_exchange(&look->of, key) != key;
	was = atomic_exchange(&look->was, (uint64_t)now << 32 | p->live);
	if (is_new || !(was >> 32) || was >> 32 > now)
		return;
	p->was_seen = true;
	p->looked_s = now - (uint32_t)(was >> 32);
	p->growth = (int64_t)p->live - (int64_t)(uint32_t)was;
}

void looks_compare(const struct ledgers_one *one, struct places *places)
{
	struct rows all = { .stride = sizeof(struct look), .n = LOOKS };
	TEXT(directory, PATH_MAX);
	void *at;

	if (!places->n || !one->process ||
	    !share_directory(&directory, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR")) ||
	    access(directory.at, F_OK) || /* not made for this alone */
	    share_map(directory.at, LOOKS_FILE, LOOKS * sizeof(struct look), &at))
		return;
	all.base = at;
	for (unsigned int i = 0; i < places->n; i++)
		compare(&all, key_of(&one->page.l->head, &places->at[i]),
			&places->at[i], clock_today_s());
	munmap(at, LOOKS * sizeof(struct look));
}
