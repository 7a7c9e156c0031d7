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

static size_t used(uint32_t said, size_t most)
{
	return said < most ? said + 1 : most;
}

/*
 * The lives before what they refer to: so all of that is there. What is not in use is
 * not read: a page of the process's memory that is looked at would begin to exist.
 */
static bool fetch_all(struct page *p)
{
	struct ledger *l = p->l;
	size_t fds = used(PEEK(l->head.highest), LEDGER_FDS);

	return fetch(p, l->name, fds * sizeof(*l->name)) &&
	       fetch(p, l->life, fds * sizeof(*l->life)) &&
	       fetch(p, l, offsetof(struct ledger, site)) &&
	       fetch(p, l->site,
		     used(PEEK(l->head.sites), LEDGER_SITES) * sizeof(*l->site)) &&
	       fetch(p, l->frame,
		     used(PEEK(l->head.frames), LEDGER_FRAMES) * sizeof(*l->frame)) &&
	       fetch(p, l->module,
		     used(PEEK(l->head.modules), LEDGER_MODULES) *
			     sizeof(*l->module)) &&
	       fetch(p, l->peer,
		     used(PEEK(l->head.peers), LEDGER_PEERS) * sizeof(*l->peer)) &&
	       fetch(p, l->finding, sizeof(l->finding));
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
	size_t offset = offsetof(struct ledger, life) + sizeof(life) * fd;

	regular_read(p->fd, &life, sizeof(life), p->at + offset);
	return life;
}

void page_drop(struct page *p)
{
	munmap(p->l, LEDGER_BYTES);
	if (p->fd >= 0)
		close(p->fd);
}
