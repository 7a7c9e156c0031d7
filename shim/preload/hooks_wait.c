/* SPDX-License-Identifier: MIT */
/* hooks: the waits of event loops, and every other call that sleeps. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room);
int __xpg_sigpause(int sig);
int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask);
int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock,
			 const struct timespec *until);
int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
			   const struct timespec *until);
int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
			    const struct timespec *until);
int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until);
int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until);
int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until);
#pragma GCC visibility pop

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "preload/aside.h"
#include "preload/death.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/hooks.h"
#include "preload/life.h"
#include "preload/pause.h"

/* --- event loops ----------------------------------------------------------------- */

#define WAIT(begin, call) \
	do { \
		struct pause p; \
		int r; \
		begin; \
		do \
			r = call; \
		while (pause_again(&p, r)); \
		return r; \
	} while (0)

HOOKED(int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout),
       false)
{
	if (quiet())
		return REAL(poll)(fds, n, timeout);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(ppoll)(fds, n, pause_next_timespec(&p),
						 pause_mask(&p, NULL))
				   : REAL(poll)(fds, n, pause_next_ms(&p)));
}
SAME_AS(__poll, poll);

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
	if (quiet())
		return REAL(__poll_chk)(fds, n, timeout, room);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(__ppoll_chk)(fds, n, pause_next_timespec(&p),
						       pause_mask(&p, NULL), room)
				   : REAL(__poll_chk)(fds, n, pause_next_ms(&p), room));
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	  const sigset_t *mask)
{
	if (quiet())
		return REAL(ppoll)(fds, n, timeout, mask);
	WAIT(pause_timespec(&p, timeout),
	     REAL(ppoll)(fds, n, pause_next_timespec(&p), pause_mask(&p, mask)));
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t room)
{
	if (quiet())
		return REAL(__ppoll_chk)(fds, n, timeout, mask, room);
	WAIT(pause_timespec(&p, timeout),
	     REAL(__ppoll_chk)(fds, n, pause_next_timespec(&p), pause_mask(&p, mask),
			       room));
}

HOOKED(int, epoll_wait, (int set, struct epoll_event *e, int n, int timeout),
       (set, e, n, timeout), false)
{
	if (quiet())
		return REAL(epoll_wait)(set, e, n, timeout);
	WAIT(pause_ms(&p, timeout),
	     p.step == PAUSE_SLICE ? REAL(epoll_pwait)(set, e, n, pause_next_ms(&p),
						       pause_mask(&p, NULL))
				   : REAL(epoll_wait)(set, e, n, pause_next_ms(&p)));
}

int epoll_pwait(int set, struct epoll_event *e, int n, int timeout,
		const sigset_t *mask)
{
	if (quiet())
		return REAL(epoll_pwait)(set, e, n, timeout, mask);
	WAIT(pause_ms(&p, timeout),
	     REAL(epoll_pwait)(set, e, n, pause_next_ms(&p), pause_mask(&p, mask)));
}

int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask)
{
	if (quiet())
		return REAL(epoll_pwait2)(set, e, n, timeout, mask);
	WAIT(pause_timespec(&p, timeout),
	     REAL(epoll_pwait2)(set, e, n, pause_next_timespec(&p),
				pause_mask(&p, mask)));
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

	if (quiet())
		return REAL(select)(n, r, w, e, timeout);
	pause_timeval(&p, timeout);
	pause_keep(&p, &sets, n, r, w, e);
	do {
		pause_lay(&sets);
		found = p.step == PAUSE_SLICE
				? REAL(pselect)(n, r, w, e, pause_next_timespec(&p),
						pause_mask(&p, NULL))
				: REAL(select)(n, r, w, e, pause_next_timeval(&p));
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

	if (quiet())
		return REAL(pselect)(n, r, w, e, timeout, mask);
	pause_timespec(&p, timeout);
	pause_keep(&p, &sets, n, r, w, e);
	do {
		pause_lay(&sets);
		found = REAL(pselect)(n, r, w, e, pause_next_timespec(&p),
				      pause_mask(&p, mask));
	} while (pause_again(&p, found));
	return found;
}

/* --- sleep ----------------------------------------------------------------------- */

#define SLEEP(type, call) \
	do { \
		type r; \
		if (quiet()) \
			return call; \
		pause_before(); \
		r = call; \
		pause_after(); \
		return r; \
	} while (0)

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
		    struct timespec *left)
{
	SLEEP(int, REAL(clock_nanosleep)(clock, flags, t, left));
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	SLEEP(int, REAL(nanosleep)(t, left));
}
SAME_AS(__nanosleep, nanosleep);

unsigned int sleep(unsigned int seconds)
{
	SLEEP(unsigned int, REAL(sleep)(seconds));
}

int usleep(useconds_t us)
{
	SLEEP(int, REAL(usleep)(us));
}

int thrd_sleep(const struct timespec *t, struct timespec *left)
{
	SLEEP(int, REAL(thrd_sleep)(t, left));
}

int pause(void)
{
	SLEEP(int, REAL(pause)());
}

int __xpg_sigpause(int sig)
{
	SLEEP(int, REAL(__xpg_sigpause)(sig));
}

int sigsuspend(const sigset_t *mask)
{
	SLEEP(int, REAL(sigsuspend)(mask));
}
SAME_AS(__sigsuspend, sigsuspend);

int sigwait(const sigset_t *set, int *ret)
{
	SLEEP(int, REAL(sigwait)(set, ret));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	SLEEP(int, REAL(sigwaitinfo)(set, info));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	SLEEP(int, REAL(sigtimedwait)(set, info, timeout));
}

/* --- children -------------------------------------------------------------------- */

pid_t wait(int *status)
{
	SLEEP(pid_t, REAL(wait)(status));
}
SAME_AS(__wait, wait);

pid_t waitpid(pid_t pid, int *status, int options)
{
	if (options & WNOHANG)
		return REAL(waitpid)(pid, status, options);
	SLEEP(pid_t, REAL(waitpid)(pid, status, options));
}
SAME_AS(__waitpid, waitpid);

pid_t wait3(int *status, int options, struct rusage *usage)
{
	if (options & WNOHANG)
		return REAL(wait3)(status, options, usage);
	SLEEP(pid_t, REAL(wait3)(status, options, usage));
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	if (options & WNOHANG)
		return REAL(wait4)(pid, status, options, usage);
	SLEEP(pid_t, REAL(wait4)(pid, status, options, usage));
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	if (options & WNOHANG)
		return REAL(waitid)(type, id, info, options);
	SLEEP(int, REAL(waitid)(type, id, info, options));
}

int system(const char *command)
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	SLEEP(int, REAL(system)(command));
}

FILE *popen(const char *command, const char *mode)
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	return REAL(popen)(command, mode);
}

int pclose(FILE *f)
{
	SLEEP(int, REAL(pclose)(f));
}

/* --- threads --------------------------------------------------------------------- */

int pthread_join(pthread_t thread, void **ret)
{
	SLEEP(int, REAL(pthread_join)(thread, ret));
}

int pthread_timedjoin_np(pthread_t thread, void **ret, const struct timespec *until)
{
	SLEEP(int, REAL(pthread_timedjoin_np)(thread, ret, until));
}

int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock,
			 const struct timespec *until)
{
	SLEEP(int, REAL(pthread_clockjoin_np)(thread, ret, clock, until));
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	SLEEP(int, REAL(pthread_cond_wait)(c, m));
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
			   const struct timespec *until)
{
	SLEEP(int, REAL(pthread_cond_timedwait)(c, m, until));
}

int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
			   const struct timespec *until)
{
	SLEEP(int, REAL(pthread_cond_clockwait)(c, m, clock, until));
}

int pthread_barrier_wait(pthread_barrier_t *b)
{
	SLEEP(int, REAL(pthread_barrier_wait)(b));
}

int thrd_join(thrd_t thread, int *ret)
{
	SLEEP(int, REAL(thrd_join)(thread, ret));
}

int cnd_wait(cnd_t *c, mtx_t *m)
{
	SLEEP(int, REAL(cnd_wait)(c, m));
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m,
		  const struct timespec *restrict until)
{
	SLEEP(int, REAL(cnd_timedwait)(c, m, until));
}

/*
 * Locks are mostly free: a thread that owes a SYN tries first, and materializes only
 * when it would have to wait.  The try functions are not hooked, so they are found by
 * name.
 */
#define LOCK(object, try_name, busy, call) \
	do { \
		int (*try)(__typeof__(object)); \
		int tried, was = real_errno(); \
		if (quiet() || !thread_owes()) \
			return call; \
		try = (int (*)(__typeof__(object)))real_find(#try_name); \
		tried = try ? try(object) : busy; \
		if (tried != busy) \
			return tried; \
		real_set_errno(was); \
		SLEEP(int, call); \
	} while (0)

HOOKED(int, pthread_mutex_lock, (pthread_mutex_t * m), (m), !thread_owes())
{
	LOCK(m, pthread_mutex_trylock, EBUSY, REAL(pthread_mutex_lock)(m));
}

int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	LOCK(m, pthread_mutex_trylock, EBUSY, REAL(pthread_mutex_timedlock)(m, until));
}

int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
			    const struct timespec *until)
{
	LOCK(m, pthread_mutex_trylock, EBUSY,
	     REAL(pthread_mutex_clocklock)(m, clock, until));
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY, REAL(pthread_rwlock_rdlock)(l));
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY,
	     REAL(pthread_rwlock_timedrdlock)(l, until));
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY,
	     REAL(pthread_rwlock_clockrdlock)(l, clock, until));
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY, REAL(pthread_rwlock_wrlock)(l));
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY,
	     REAL(pthread_rwlock_timedwrlock)(l, until));
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY,
	     REAL(pthread_rwlock_clockwrlock)(l, clock, until));
}

int mtx_lock(mtx_t *m)
{
	LOCK(m, mtx_trylock, thrd_busy, REAL(mtx_lock)(m));
}

int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict until)
{
	LOCK(m, mtx_trylock, thrd_busy, REAL(mtx_timedlock)(m, until));
}

int sem_wait(sem_t *s)
{
	LOCK(s, sem_trywait, -1, REAL(sem_wait)(s));
}

int sem_timedwait(sem_t *s, const struct timespec *until)
{
	LOCK(s, sem_trywait, -1, REAL(sem_timedwait)(s, until));
}

int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	LOCK(s, sem_trywait, -1, REAL(sem_clockwait)(s, clock, until));
}

/* --- files and System V ---------------------------------------------------------- */

int flock(int fd, int operation)
{
	if (operation & (LOCK_NB | LOCK_UN))
		return REAL(flock)(fd, operation);
	SLEEP(int, REAL(flock)(fd, operation));
}

int lockf(int fd, int command, off_t n)
{
	if (command != F_LOCK)
		return REAL(lockf)(fd, command, n);
	SLEEP(int, REAL(lockf)(fd, command, n));
}

int lockf64(int fd, int command, off64_t n)
{
	if (command != F_LOCK)
		return REAL(lockf64)(fd, command, n);
	SLEEP(int, REAL(lockf64)(fd, command, n));
}

ssize_t msgrcv(int id, void *m, size_t n, long type, int flags)
{
	if (flags & IPC_NOWAIT)
		return REAL(msgrcv)(id, m, n, type, flags);
	SLEEP(ssize_t, REAL(msgrcv)(id, m, n, type, flags));
}

int msgsnd(int id, const void *m, size_t n, int flags)
{
	if (flags & IPC_NOWAIT)
		return REAL(msgsnd)(id, m, n, flags);
	SLEEP(int, REAL(msgsnd)(id, m, n, flags));
}

int semop(int id, struct sembuf *operations, size_t n)
{
	SLEEP(int, REAL(semop)(id, operations, n));
}

int semtimedop(int id, struct sembuf *operations, size_t n,
	       const struct timespec *timeout)
{
	SLEEP(int, REAL(semtimedop)(id, operations, n, timeout));
}

ssize_t mq_receive(mqd_t q, char *m, size_t n, unsigned int *priority)
{
	SLEEP(ssize_t, REAL(mq_receive)(q, m, n, priority));
}

ssize_t mq_timedreceive(mqd_t q, char *restrict m, size_t n,
			unsigned int *restrict priority,
			const struct timespec *restrict until)
{
	SLEEP(ssize_t, REAL(mq_timedreceive)(q, m, n, priority, until));
}

int mq_send(mqd_t q, const char *m, size_t n, unsigned int priority)
{
	SLEEP(int, REAL(mq_send)(q, m, n, priority));
}

int mq_timedsend(mqd_t q, const char *m, size_t n, unsigned int priority,
		 const struct timespec *until)
{
	SLEEP(int, REAL(mq_timedsend)(q, m, n, priority, until));
}

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

static bool is_cage(long number, const long *a)
{
	return (number == SYS_seccomp && a[0] <= SECCOMP_SET_MODE_FILTER) ||
	       (number == SYS_prctl && a[0] == PR_SET_SECCOMP);
}

long syscall(long number, ...)
{
	va_list args;
	long a[6], r;
	bool caged;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!quiet())
		before_syscall(number, a);
	if (number == SYS_io_uring_setup && !thread_is_vfork_child())
		aside_for_ring();
	caged = is_cage(number, a) && !thread_is_vfork_child() && aside_for_cage();
	r = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (caged && r < 0)
		aside_over();
	return r;
}
