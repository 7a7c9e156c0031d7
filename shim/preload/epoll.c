/* SPDX-License-Identifier: MIT */
/* epoll: what the program asked epoll about a descriptor; see epoll.h. */
#include "preload/epoll.h"

#include <stdatomic.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "core/sys.h"
#include "preload/slot.h"

#define CHUNK 1024
#define IN_SEVERAL (-2) /* no set: EBADF from the kernel */

struct memo {
	uint64_t data;
	uint32_t events;
	int set_plus_one; /* 0: never registered */
};

static _Atomic(struct memo *) chunks[SLOT_MAX / CHUNK];

static struct memo *memo_find(int fd)
{
	struct memo *c;

	if ((unsigned int)fd >= SLOT_MAX)
		return NULL;
	c = atomic_load_explicit(&chunks[fd / CHUNK], memory_order_acquire);
	return c ? &c[fd % CHUNK] : NULL;
}

static struct memo *memo_make(int fd)
{
	struct memo *none = NULL, *m = memo_find(fd);
	long at;

	if (m || (unsigned int)fd >= SLOT_MAX)
		return m;
	at = sys6(SYS_mmap, NULL, CHUNK * sizeof(*m), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at < 0 && at > -4096)
		return NULL;
	if (!atomic_compare_exchange_strong(&chunks[fd / CHUNK], &none,
					    (struct memo *)at))
		sys2(SYS_munmap, at, CHUNK * sizeof(*m));
	return memo_find(fd);
}

void epoll_remember(int set, int fd, const struct epoll_event *e)
{
	struct memo *m = memo_make(fd);

	if (!m)
		return;
	if (m->set_plus_one && m->set_plus_one != set + 1)
		set = IN_SEVERAL;
	*m = (struct memo){ e->data.u64, e->events, set + 1 };
}

bool epoll_asked(int fd, uint32_t events)
{
	const struct memo *m = memo_find(fd);

	return m && m->set_plus_one && m->events & events;
}

bool epoll_in_several(int fd)
{
	const struct memo *m = memo_find(fd);

	return m && m->set_plus_one == IN_SEVERAL + 1;
}

bool epoll_means(int fd, int set, uint64_t data)
{
	const struct memo *m = memo_find(fd);

	return m && m->set_plus_one == set + 1 && m->data == data;
}

bool epoll_means_only(int fd)
{
	const struct memo *m = memo_find(fd);

	for (int i = 0; m && i < SLOT_MAX; i++) {
		if (!memo_find(i))
			i += CHUNK - 1;
		else if (i != fd && epoll_means(i, m->set_plus_one - 1, m->data) &&
			 sys_fcntl(i, F_GETFD, 0) >= 0)
			return false;
	}
	return m;
}

uint32_t epoll_ready(int fd)
{
	const struct memo *m = memo_find(fd);
	uint32_t asked = m ? m->events & (EPOLLIN | EPOLLOUT) : 0;

	return asked ? asked : EPOLLOUT;
}

static bool arm(int fd, const struct memo *m)
{
	struct epoll_event e = { .events = m->events, .data.u64 = m->data };

	return !sys4(SYS_epoll_ctl, m->set_plus_one - 1, EPOLL_CTL_MOD, fd, &e);
}

bool epoll_again(int fd)
{
	const struct memo *m = memo_find(fd);

	/* level-triggered sets look again by themselves */
	return m && m->set_plus_one &&
	       (!(m->events & (EPOLLET | EPOLLONESHOT)) || arm(fd, m));
}

void epoll_clear(int fd)
{
	struct memo *m = memo_find(fd);

	if (m)
		m->set_plus_one = 0;
}

void epoll_rearm(int fd)
{
	struct memo *m = memo_find(fd);

	/* level-triggered sets look again by themselves; a shot that is spent stays
	 * spent */
	if (!m || !m->set_plus_one || !(m->events & EPOLLET) ||
	    m->events & EPOLLONESHOT)
		return;
	arm(fd, m);
}

void epoll_inherited(int from, int to)
{
	struct memo *m = memo_find(from), *heir;

	if (!m || !m->set_plus_one)
		return;
	m->set_plus_one = 0;
	heir = memo_make(to);
	if (heir)
		heir->set_plus_one = IN_SEVERAL + 1;
}

bool epoll_forget(int fd)
{
	struct memo *m = memo_find(fd);
	struct epoll_event e = { 0 };
	int err;

	if (!m || !m->set_plus_one)
		return true;
	err = (int)sys4(SYS_epoll_ctl, m->set_plus_one - 1, EPOLL_CTL_DEL, fd, &e);
	m->set_plus_one = 0;
	return !err || err == -ENOENT;
}
