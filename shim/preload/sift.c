/* SPDX-License-Identifier: MIT */
/* sift: what a wait of an event loop found; see sift.h. */
#include "preload/sift.h"

#include <stddef.h>
#include <time.h>

#include "core/sys.h"
#include "preload/epoll.h"
#include "preload/revive.h"
#include "preload/slot.h"
#include "preload/thread.h"

#define POLL_READY (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

static bool nothing_to_do(int found)
{
	return found <= 0 || !kept_any() || thread_is_vfork_child();
}

/* Was it refused until now, and is opened again? */
static bool is_mended(int fd)
{
	struct slot *s = revive_may(fd) ? slot_of(fd) : NULL;
	bool kept = s && kept_find(s->cookie);

	/* it may be delivered, too, by now */
	return kept && (revive_ended(fd, s) || slot_state(fd) == SLOT_WATCHED);
}

int sift_poll(struct pollfd *p, nfds_t n, int found, bool may_go_on)
{
	struct timespec at_once = { 0, 0 };
	bool mended = false;

	if (nothing_to_do(found))
		return found;
	for (nfds_t i = 0; i < n; i++)
		if (p[i].fd >= 0 && p[i].revents & (POLLERR | POLLHUP))
			mended |= is_mended(p[i].fd);
	if (!mended)
		return found;
	found = (int)sys5(SYS_ppoll, p, n, &at_once, NULL, 0);
	if (found || may_go_on)
		return found < 0 ? 0 : found;
	for (nfds_t i = 0; i < n; i++) {
		p[i].revents = 0;
		if (p[i].fd >= 0 && is_mended(p[i].fd))
			p[i].revents = p[i].events & POLL_READY;
		found += p[i].revents != 0;
	}
	return found;
}

/* The descriptor of a mended connection that this event is about, or -1. */
static int meant_by(int set, const struct epoll_event *e)
{
	struct kept *k;

	if (!(e->events & (EPOLLERR | EPOLLHUP)))
		return -1;
	for (int i = 0; (k = kept_next(&i)); i++) {
		int fd = atomic_load(&k->fd);
		int twin = slot_twin(fd);

		if (twin >= 0 && epoll_means(twin, set, e->data.u64))
			fd = twin;
		if (epoll_means(fd, set, e->data.u64) && is_mended(fd))
			return epoll_means_only(fd) ? fd : -1;
	}
	return -1;
}

int sift_epoll(int set, struct epoll_event *e, int found, bool may_go_on)
{
	int left = 0;

	if (nothing_to_do(found))
		return found;
	for (int i = 0; i < found; i++) {
		int fd = meant_by(set, &e[i]);

		if (fd >= 0 && epoll_again(fd) && (may_go_on || left || i + 1 < found))
			continue;
		e[left] = e[i];
		if (fd >= 0)
			e[left].events = epoll_ready(fd);
		left++;
	}
	return left;
}

int sift_select(const struct pause_sets *sets, int n, int found)
{
	struct timespec at_once = { 0, 0 };
	bool mended = false;

	if (nothing_to_do(found))
		return found;
	for (int fd = 0; fd < n && fd < FD_SETSIZE; fd++)
		for (int i = 0; i < 3; i++)
			if (sets->at[i] && FD_ISSET(fd, sets->at[i])) {
				mended |= is_mended(fd);
				break;
			}
	if (!mended || !sets->bytes)
		return found;
	pause_lay(sets);
	found = (int)sys6(SYS_pselect6, n, sets->at[0], sets->at[1], sets->at[2],
			  &at_once, NULL);
	return found < 0 ? 0 : found;
}
