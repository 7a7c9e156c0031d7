/* SPDX-License-Identifier: MIT */
/* page: what a ledger says at this moment; see page.h. */
#include "cli/page.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/regular.h"
#include "core/ledger_view.h"

#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)

static bool fetch(struct page *p, const void *to, size_t bytes)
{
	size_t offset = (size_t)((const char *)to - (const char *)p->l);

	return regular_read(p->fd, (char *)p->l + offset, bytes, p->at + offset) ==
	       bytes;
}

/*
 * The lives before what they refer to: so all of that is there. Of a file, what is not
 * used yet is no more than a hole.
 */
static bool fetch_all(struct page *p)
{
	struct ledger *l = p->l;
	size_t rows = PEEK(l->head.highest) / LEDGER_ROW + 1;

	if (rows > LEDGER_ROWS)
		rows = LEDGER_ROWS;
	return fetch(p, l->row, rows * sizeof(*l->row)) &&
	       fetch(p, l, offsetof(struct ledger, row));
}

bool page_empty(struct page *ret)
{
	void *room = mmap(NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*ret = (struct page){ room, -1, 0 };
	return room != MAP_FAILED;
}

bool page_read(int fd, uint64_t at, struct page *ret)
{
	if (!page_empty(ret)) {
		close(fd);
		return false;
	}
	ret->fd = fd;
	ret->at = at;
	if (fetch(ret, ret->l, sizeof(ret->l->head)) &&
	    ledger_view_good(ret->l, LEDGER_BYTES) && fetch_all(ret))
		return true;
	page_drop(ret);
	return false;
}

uint64_t page_life(const struct page *p, unsigned int fd)
{
	uint64_t life = 0;
	size_t offset = (size_t)((char *)ledger_life_at(p->l, fd) - (char *)p->l);

	regular_read(p->fd, &life, sizeof(life), p->at + offset);
	return life;
}

void page_drop(struct page *p)
{
	munmap(p->l, LEDGER_BYTES);
	if (p->fd >= 0)
		close(p->fd);
}
