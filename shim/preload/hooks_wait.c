/* SPDX-License-Identifier: MIT */
/* hooks: the waits of event loops, and calls by number. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room);
int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask);
#pragma GCC visibility pop

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "preload/aside.h"
#include "preload/death.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/hooks.h"
#include "preload/life.h"
#include "preload/pause.h"
#include "preload/sift.h"
#include "preload/unclosed.h"

/* --- event loops ----------------------------------------------------------------- */

/* sift: over r and `on`: may the wait go on? */
#define WAIT(begin, call, sift) \
	do { \
		struct pause p; \
		bool on; \
		int r; \
		begin; \
		if (p.cut) \
			return (int)answer(-EINTR); \
		do { \
			r = call; \
			on = pause_may_go_on(&p); \
			r = sift; \
		} while (pause_again(&p, r)); \
		return r; \
	} while (0)

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (quiet())
		return sift_poll(fds, n, REAL(poll)(fds, n, timeout), !timeout);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(ppoll)(fds, n, pause_next_timespec(&p),
						 pause_mask(&p, NULL))
				   : REAL(poll)(fds, n, pause_next_ms(&p)),
	     sift_poll(fds, n, r, on));
}
SAME_AS(__poll, poll);

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
	if (quiet())
		return sift_poll(fds, n, REAL(__poll_chk)(fds, n, timeout, room),
				 !timeout);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(__ppoll_chk)(fds, n, pause_next_timespec(&p),
						       pause_mask(&p, NULL), room)
				   : REAL(__poll_chk)(fds, n, pause_next_ms(&p), room),
	     sift_poll(fds, n, r, on));
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	  const sigset_t *mask)
{
	if (quiet())
		return sift_poll(fds, n, REAL(ppoll)(fds, n, timeout, mask), false);
	WAIT(pause_timespec(&p, timeout),
	     REAL(ppoll)(fds, n, pause_next_timespec(&p), pause_mask(&p, mask)),
	     sift_poll(fds, n, r, on));
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room)
{
	if (quiet())
		return sift_poll(fds, n, REAL(__ppoll_chk)(fds, n, timeout, mask, room),
				 false);
	WAIT(pause_timespec(&p, timeout),
	     REAL(__ppoll_chk)(fds, n, pause_next_timespec(&p), pause_mask(&p, mask),
			       room),
	     sift_poll(fds, n, r, on));
}

int epoll_wait(int set, struct epoll_event *e, int n, int timeout)
{
	if (quiet())
		return sift_epoll(set, e, REAL(epoll_wait)(set, e, n, timeout),
				  !timeout);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(epoll_pwait)(set, e, n, pause_next_ms(&p),
						       pause_mask(&p, NULL))
				   : REAL(epoll_wait)(set, e, n, pause_next_ms(&p)),
	     sift_epoll(set, e, r, on));
}

int epoll_pwait(int set, struct epoll_event *e, int n, int timeout,
		const sigset_t *mask)
{
	if (quiet())
		return sift_epoll(set, e, REAL(epoll_pwait)(set, e, n, timeout, mask),
				  !timeout);
	WAIT(pause_ms(&p, timeout),
	     REAL(epoll_pwait)(set, e, n, pause_next_ms(&p), pause_mask(&p, mask)),
	     sift_epoll(set, e, r, on));
}

int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask)
{
	if (quiet())
		return sift_epoll(set, e, REAL(epoll_pwait2)(set, e, n, timeout, mask),
				  false);
	WAIT(pause_timespec(&p, timeout),
	     REAL(epoll_pwait2)(set, e, n, pause_next_timespec(&p),
				pause_mask(&p, mask)),
	     sift_epoll(set, e, r, on));
}

int epoll_ctl(int set, int operation, int fd, struct epoll_event *e)
{
	int r = REAL(epoll_ctl)(set, operation, fd, e);

	if (r || thread_is_vfork_child() || !client_is_on())
		return r;
	if (operation == EPOLL_CTL_DEL)
		epoll_clear(fd);
	else
		epoll_remember(set, fd, e);
	return r;
}

int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	struct pause_sets sets;
	struct pause p;
	int found;

	if (quiet()) {
		pause_keep_none(&sets, r, w, e);
		return sift_select(&sets, n, REAL(select)(n, r, w, e, timeout));
	}
	pause_timeval(&p, timeout);
	if (p.cut)
		return (int)answer(-EINTR);
	pause_keep(&p, &sets, n, r, w, e);
	do {
		pause_lay(&sets);
		found = p.step == PAUSE_SLICE
				? REAL(pselect)(n, r, w, e, pause_next_timespec(&p),
						pause_mask(&p, NULL))
				: REAL(select)(n, r, w, e, pause_next_timeval(&p));
		found = sift_select(&sets, n, found);
	} while (pause_again(&p, found));
	pause_left(&p);
	return found;
}
SAME_AS(__select, select);

int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
	    const sigset_t *mask)
{
	struct pause_sets sets;
	struct pause p;
	int found;

	if (quiet()) {
		pause_keep_none(&sets, r, w, e);
		return sift_select(&sets, n, REAL(pselect)(n, r, w, e, timeout, mask));
	}
	pause_timespec(&p, timeout);
	if (p.cut)
		return (int)answer(-EINTR);
	pause_keep(&p, &sets, n, r, w, e);
	do {
		pause_lay(&sets);
		found = REAL(pselect)(n, r, w, e, pause_next_timespec(&p),
				      pause_mask(&p, mask));
		found = sift_select(&sets, n, found);
	} while (pause_again(&p, found));
	return found;
}

#define CLOSE_RANGE_OWN_TABLE 2

/* --- syscall(2) ------------------------------------------------------------------ */

/* Those of the calls that runtimes make by number which never sleep. */
static bool never_sleeps(long number)
{
	static const short numbers[] = {
		SYS_getpid,
		SYS_gettid,
		SYS_clock_gettime,
		SYS_getrandom,
		SYS_fcntl,
		SYS_epoll_ctl,
		SYS_statx,
		SYS_memfd_create,
		SYS_membarrier,
		SYS_sched_yield,
		SYS_madvise,
		SYS_mmap,
		SYS_munmap,
		SYS_prctl,
		SYS_tgkill,
		SYS_getcpu,
		SYS_sched_getaffinity,
		SYS_pidfd_open,
		SYS_io_uring_setup,
		SYS_io_uring_register,
		SYS_ioprio_set,
		SYS_set_mempolicy,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (number == numbers[i])
			return true;
	return false;
}

static void before_syscall(long number, const long *a)
{
	if (never_sleeps(number))
		return;
	switch (number) {
	case SYS_close: /* libuv closes so */
		if (!linger_is_ours((int)a[0]))
			death_of((int)a[0]);
		return;
	case SYS_close_range:
		if (!a[2])
			death_range((unsigned int)a[0], (unsigned int)a[1]);
		return;
	case SYS_shutdown:
		debt_settle((int)a[0], LINGER_END_MS);
		return;
	case SYS_clone:
	case SYS_clone3:
	case SYS_execve:
	case SYS_execveat:
#ifdef SYS_fork
	case SYS_fork:
	case SYS_vfork:
#endif
		life_before_spawn();
		return;
	case SYS_exit_group:
		life_at_end();
		return;
	case SYS_sendmsg:
	case SYS_sendmmsg:
		life_before_passing(); /* may carry descriptors away */
		return;
	default:
		debt_pay(); /* whatever it is, it may sleep */
	}
}

/* What the ledger has to know of: libuv closes so. */
static unsigned int dies_by_number(long number, const long *a, const void *here)
{
	if (number == SYS_close)
		return book_died((int)a[0], here);
	if (number == SYS_close_range && !(a[2] & ~CLOSE_RANGE_OWN_TABLE))
		book_died_range((unsigned int)a[0], (unsigned int)a[1], here);
	return 0;
}

static void born_by_number(long number, const long *a, long r, const void *here)
{
	if (number == SYS_socket)
		book_born((int)r, LEDGER_SOCKET, (int)a[0], here);
	if (number == SYS_accept || number == SYS_accept4)
		book_born((int)r, LEDGER_ACCEPT, AF_UNSPEC, here);
}

/* A child has our sockets too, though nothing is connected yet. */
static bool forks(long number)
{
	return (number == SYS_clone || number == SYS_clone3
#ifdef SYS_fork
		|| number == SYS_fork
#endif
		) &&
	       !thread_is_vfork_child();
}

static long after_syscall(long number, const long *a, long r)
{
	switch (number) {
#ifdef SYS_poll
	case SYS_poll:
#endif
	case SYS_ppoll:
		return sift_poll((struct pollfd *)a[0], (nfds_t)a[1], (int)r, false);
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		return sift_epoll((int)a[0], (struct epoll_event *)a[1], (int)r, false);
	default:
		return r;
	}
}

static bool is_cage(long number, const long *a)
{
	return (number == SYS_seccomp && a[0] <= SECCOMP_SET_MODE_FILTER) ||
	       (number == SYS_prctl && a[0] == PR_SET_SECCOMP);
}

long syscall(long number, ...)
{
	va_list args;
	unsigned int known;
	long a[6], r;
	bool caged, child;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!quiet() || forks(number))
		before_syscall(number, a);
	if (number == SYS_io_uring_setup && !thread_is_vfork_child())
		aside_for_ring();
	caged = is_cage(number, a) && !thread_is_vfork_child() && aside_for_cage();
	child = thread_is_vfork_child();
	if (number == SYS_exit_group && !child)
		a[0] = unclosed_at_end((int)a[0]);
	known = child ? 0 : dies_by_number(number, a, STACK_HERE);
	r = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (known)
		closed((int)a[0], known, (int)r, STACK_HERE);
	else if (!child)
		born_by_number(number, a, r, STACK_HERE);
	if (caged && r < 0)
		aside_over();
	return kept_any() ? after_syscall(number, a, r) : r;
}
