/* SPDX-License-Identifier: MIT */
/* recall: the names of places, for who looks again; see recall.h. */
#include "cli/recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/clock.h"
#include "core/ledger_view.h"

#define MOST 65536 /* places; with one more it begins anew */
#define KEY_BYTES (LEDGER_PATH + 2 * LEDGER_BUILD_ID + 40)

struct entry {
	char *key;
	struct symbols_name *name; /* its texts are its own */
	unsigned int names;
	UT_hash_handle hh;
};

static struct entry *all;
static uint64_t until_us;

void recall_begin(unsigned int ms)
{
	until_us = clock_now_us() + ms * UINT64_C(1000);
}

/* --- what is kept ----------------------------------------------------------------- */

static void drop_name(struct symbols_name *n)
{
	free((char *)(uintptr_t)n->function);
	free((char *)(uintptr_t)n->file);
	free((char *)(uintptr_t)n->symbol);
}

static void drop_entry(struct entry *e)
{
	for (unsigned int i = 0; i < e->names; i++)
		drop_name(&e->name[i]);
	free(e->name);
	free(e->key);
	free(e);
}

void recall_drop(void)
{
	struct entry *e, *next;

	HASH_ITER(hh, all, e, next)
	{
		HASH_DEL(all, e);
		drop_entry(e);
	}
}

/* false: of no file, so there is nothing to be known by. */
static bool key_of(const struct ledger *l, uint64_t frame, char ret[KEY_BYTES])
{
	struct ledger_image image;
	int n = 0;

	if (!ledger_view_module(l, ledger_view_frame_module(frame), &image))
		return false;
	for (unsigned int i = 0; i < image.build_id_bytes; i++)
		n += snprintf(ret + n, KEY_BYTES - (size_t)n, "%02x",
			      image.build_id[i]);
	snprintf(ret + n, KEY_BYTES - (size_t)n, ".%llx.%llx.%s",
		 (unsigned long long)image.inode,
		 (unsigned long long)ledger_view_frame_offset(frame), image.path);
	return true;
}

static const struct entry *entry_of(const struct ledger *l, uint64_t frame)
{
	struct entry *e = NULL;
	char key[KEY_BYTES];

	if (key_of(l, frame, key))
		HASH_FIND_STR(all, key, e);
	return e;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void keep(const struct ledger *l, const struct symbols_frame *f)
{
	struct entry *e = calloc(1, sizeof(*e));
	char key[KEY_BYTES] = "";

	key_of(l, f->frame, key);
	if (e) {
		e->key = strdup(key);
		e->name = calloc(f->names + 1, sizeof(*e->name));
	}
	if (!e || !e->key || !e->name) {
		if (e)
			drop_entry(e);
		return;
	}
	for (; e->names < f->names; e->names++) {
		struct symbols_name *n = &e->name[e->names];

		*n = f->name[e->names];
		n->function = copy(n->function);
		n->file = copy(n->file);
		n->symbol = copy(n->symbol);
	}
	HASH_ADD_KEYPTR(hh, all, e->key, strlen(e->key), e);
	if (!e->hh.tbl)
		drop_entry(e);
}

/* --- asking ----------------------------------------------------------------------- */

static bool is_strange(const struct ledger *l, uint64_t frame)
{
	char key[KEY_BYTES];

	return key_of(l, frame, key) && !entry_of(l, frame);
}

/* Those that nobody knows yet. */
static void look_up(const struct symbols *s, const struct ledger *l,
		    const struct process *p)
{
	struct symbols fresh = { 0 };
	uint64_t now = clock_now_us();

	if (until_us < now + RECALL_ENOUGH_MS * UINT64_C(1000))
		return;
	fresh.patience_ms = (unsigned int)((until_us - now) / 1000);
	for (size_t i = 0; i < s->n; i++)
		if (is_strange(l, s->frame[i].frame))
			symbols_want(&fresh, s->frame[i].frame);
	symbols_find(&fresh, l, p);
	if (HASH_COUNT(all) + fresh.n > MOST)
		recall_drop();
	for (size_t i = 0; i < fresh.n; i++)
		if (!entry_of(l, fresh.frame[i].frame))
			keep(l, &fresh.frame[i]);
	symbols_drop(&fresh);
}

static int by_frame(const void *a, const void *b)
{
	const struct symbols_frame *x = a, *y = b;

	return (x->frame > y->frame) - (x->frame < y->frame);
}

void recall_find(struct symbols *s, const struct ledger *l, const struct process *p)
{
	look_up(s, l, p);
	if (s->n)
		qsort(s->frame, s->n, sizeof(*s->frame), by_frame);
	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = entry_of(l, s->frame[i].frame);

		if (!e)
			continue;
		s->frame[i].name = e->name;
		s->frame[i].names = e->names;
	}
}
