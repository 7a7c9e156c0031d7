/* SPDX-License-Identifier: MIT */
/* hooks: every call that sleeps on anything but descriptors. */
#undef _FORTIFY_SOURCE
#pragma GCC visibility push(default)
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

int __sigpause(int mask_or_sig, int is_sig);
int __xpg_sigpause(int sig);
int bsd_sigpause(int mask) __asm__("sigpause");
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

#include "core/clock.h"
#include "core/sys.h"
#include "preload/hooks.h"
#include "preload/hooks_sleep.h"
#include "preload/life.h"
#include "preload/pause.h"

/* --- sleep ----------------------------------------------------------------------- */

/*
 * Waits for what lingers as a part of a sleep of *t.  false: nothing to do with *t;
 * else what is left of it, and whether a signal ended it.
 */
static bool slept(const struct timespec *t, struct timespec *ret_left, bool *ret_cut)
{
	uint64_t began = clock_now_us(), us, wanted;
	int cut;

	if (!sys_readable(t, sizeof(*t)) || t->tv_sec < 0 ||
	    (unsigned long)t->tv_nsec > 999999999) {
		pause_before(0);
		return false;
	}
	wanted = t->tv_sec > 3600
			 ? UINT64_C(3600000000)
			 : (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_nsec / 1000;
	cut = pause_before(wanted < LINGER_END_MS * 1000 ? (int)(wanted / 1000)
							 : LINGER_END_MS);
	us = clock_now_us() - began;
	*ret_cut = cut != 0;
	*ret_left = *t;
	if (us > wanted)
		us = wanted;
	ret_left->tv_sec -= (time_t)(us / 1000000);
	ret_left->tv_nsec -= (long)(us % 1000000) * 1000;
	if (ret_left->tv_nsec < 0) {
		ret_left->tv_nsec += 1000000000;
		ret_left->tv_sec--;
	}
	return true;
}

/* How a sleep says that it was interrupted, and for how long it would have gone on. */
static int cut_short(const struct timespec *rest, struct timespec *left, int r)
{
	pause_after();
	if (left && sys_writable_timeval(left))
		*left = *rest;
	return r;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
		    struct timespec *left)
{
	struct timespec rest;
	bool cut;
	int r;

	if (quiet())
		return REAL(clock_nanosleep)(clock, flags, t, left);
	if (flags & TIMER_ABSTIME) {
		if (pause_before(LINGER_SETTLE_MS)) {
			pause_after();
			return EINTR;
		}
	} else if (slept(t, &rest, &cut)) {
		if (cut)
			return cut_short(&rest, left, EINTR);
		t = &rest;
	}
	r = REAL(clock_nanosleep)(clock, flags, t, left);
	pause_after();
	return r;
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	struct timespec rest;
	bool cut;
	int r;

	if (quiet())
		return REAL(nanosleep)(t, left);
	if (slept(t, &rest, &cut)) {
		if (cut)
			return (int)answer(cut_short(&rest, left, -EINTR));
		t = &rest;
	}
	r = REAL(nanosleep)(t, left);
	pause_after();
	return r;
}
SAME_AS(__nanosleep, nanosleep);

unsigned int sleep(unsigned int seconds)
{
	unsigned int left;

	if (quiet())
		return REAL(sleep)(seconds);
	if (pause_before(seconds ? LINGER_SETTLE_MS : 0))
		left = seconds;
	else
		left = REAL(sleep)(seconds);
	pause_after();
	return left;
}

int usleep(useconds_t us)
{
	SLEEP(int, ENDS, REAL(usleep)(us));
}

int thrd_sleep(const struct timespec *t, struct timespec *left)
{
	struct timespec rest;
	bool cut;
	int r;

	if (quiet())
		return REAL(thrd_sleep)(t, left);
	if (slept(t, &rest, &cut)) {
		if (cut)
			return cut_short(&rest, left, -1);
		t = &rest;
	}
	r = REAL(thrd_sleep)(t, left);
	pause_after();
	return r;
}

int pause(void)
{
	SLEEP(int, ENDS, REAL(pause)());
}

int __xpg_sigpause(int sig)
{
	SLEEP(int, ENDS, REAL(__xpg_sigpause)(sig));
}

/* BSD's, with a mask; the headers know the name for X/Open's only. */
int bsd_sigpause(int mask)
{
	SLEEP(int, ENDS, ((__typeof__(&bsd_sigpause))real_get(HOOK_sigpause))(mask));
}

int __sigpause(int mask_or_sig, int is_sig)
{
	SLEEP(int, ENDS, REAL(__sigpause)(mask_or_sig, is_sig));
}

int sigsuspend(const sigset_t *mask)
{
	SLEEP(int, ENDS, REAL(sigsuspend)(mask));
}
SAME_AS(__sigsuspend, sigsuspend);

int sigwait(const sigset_t *set, int *ret)
{
	SLEEP(int, GOES_ON, REAL(sigwait)(set, ret));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	SLEEP(int, ENDS, REAL(sigwaitinfo)(set, info));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	SLEEP(int, ENDS, REAL(sigtimedwait)(set, info, timeout));
}

/* --- children -------------------------------------------------------------------- */

pid_t wait(int *status)
{
	SLEEP(pid_t, RESTARTS, REAL(wait)(status));
}
SAME_AS(__wait, wait);

pid_t waitpid(pid_t pid, int *status, int options)
{
	if (options & WNOHANG)
		return REAL(waitpid)(pid, status, options);
	SLEEP(pid_t, RESTARTS, REAL(waitpid)(pid, status, options));
}
SAME_AS(__waitpid, waitpid);

pid_t wait3(int *status, int options, struct rusage *usage)
{
	if (options & WNOHANG)
		return REAL(wait3)(status, options, usage);
	SLEEP(pid_t, RESTARTS, REAL(wait3)(status, options, usage));
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	if (options & WNOHANG)
		return REAL(wait4)(pid, status, options, usage);
	SLEEP(pid_t, RESTARTS, REAL(wait4)(pid, status, options, usage));
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	if (options & WNOHANG)
		return REAL(waitid)(type, id, info, options);
	SLEEP(int, RESTARTS, REAL(waitid)(type, id, info, options));
}

int system(const char *command)
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	SLEEP(int, GOES_ON, REAL(system)(command));
}

FILE *popen(const char *command, const char *mode)
{
	if (!thread_is_vfork_child())
		life_before_spawn();
	return REAL(popen)(command, mode);
}
SAME_AS(_IO_popen, popen);

int wordexp(const char *words, wordexp_t *ret, int flags)
{
	if (flags & WRDE_NOCMD)
		return REAL(wordexp)(words, ret, flags);
	if (!thread_is_vfork_child())
		life_before_spawn();
	SLEEP(int, GOES_ON, REAL(wordexp)(words, ret, flags));
}

int pclose(FILE *f)
{
	SLEEP(int, GOES_ON, REAL(pclose)(f));
}

/* --- threads --------------------------------------------------------------------- */

int pthread_join(pthread_t thread, void **ret)
{
	SLEEP(int, GOES_ON, REAL(pthread_join)(thread, ret));
}

int pthread_timedjoin_np(pthread_t thread, void **ret, const struct timespec *until)
{
	SLEEP(int, GOES_ON, REAL(pthread_timedjoin_np)(thread, ret, until));
}

int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock,
			 const struct timespec *until)
{
	SLEEP(int, GOES_ON, REAL(pthread_clockjoin_np)(thread, ret, clock, until));
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	SLEEP(int, GOES_ON, REAL(pthread_cond_wait)(c, m));
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
			   const struct timespec *until)
{
	SLEEP(int, GOES_ON, REAL(pthread_cond_timedwait)(c, m, until));
}

int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
			   const struct timespec *until)
{
	SLEEP(int, GOES_ON, REAL(pthread_cond_clockwait)(c, m, clock, until));
}

int pthread_barrier_wait(pthread_barrier_t *b)
{
	SLEEP(int, GOES_ON, REAL(pthread_barrier_wait)(b));
}

int thrd_join(thrd_t thread, int *ret)
{
	SLEEP(int, GOES_ON, REAL(thrd_join)(thread, ret));
}

int cnd_wait(cnd_t *c, mtx_t *m)
{
	SLEEP(int, GOES_ON, REAL(cnd_wait)(c, m));
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m,
		  const struct timespec *restrict until)
{
	SLEEP(int, GOES_ON, REAL(cnd_timedwait)(c, m, until));
}

/*
 * Locks are mostly free: a thread that owes a SYN tries first, and materializes only
 * when it would have to wait.  The try functions are not hooked, so they are found by
 * name.
 */
#define LOCK(object, try_name, busy, how, call) \
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
		SLEEP(int, how, call); \
	} while (0)

HOOKED(int, pthread_mutex_lock, (pthread_mutex_t * m), (m), !thread_owes())
{
	LOCK(m, pthread_mutex_trylock, EBUSY, GOES_ON, REAL(pthread_mutex_lock)(m));
}
SAME_AS(__pthread_mutex_lock, pthread_mutex_lock);

int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	LOCK(m, pthread_mutex_trylock, EBUSY, GOES_ON,
	     REAL(pthread_mutex_timedlock)(m, until));
}

int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
			    const struct timespec *until)
{
	LOCK(m, pthread_mutex_trylock, EBUSY, GOES_ON,
	     REAL(pthread_mutex_clocklock)(m, clock, until));
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_rdlock)(l));
}
SAME_AS(__pthread_rwlock_rdlock, pthread_rwlock_rdlock);

int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_timedrdlock)(l, until));
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until)
{
	LOCK(l, pthread_rwlock_tryrdlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_clockrdlock)(l, clock, until));
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_wrlock)(l));
}
SAME_AS(__pthread_rwlock_wrlock, pthread_rwlock_wrlock);

int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_timedwrlock)(l, until));
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
			       const struct timespec *until)
{
	LOCK(l, pthread_rwlock_trywrlock, EBUSY, GOES_ON,
	     REAL(pthread_rwlock_clockwrlock)(l, clock, until));
}

int mtx_lock(mtx_t *m)
{
	LOCK(m, mtx_trylock, thrd_busy, GOES_ON, REAL(mtx_lock)(m));
}

int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict until)
{
	LOCK(m, mtx_trylock, thrd_busy, GOES_ON, REAL(mtx_timedlock)(m, until));
}

int sem_wait(sem_t *s)
{
	LOCK(s, sem_trywait, -1, RESTARTS, REAL(sem_wait)(s));
}

int sem_timedwait(sem_t *s, const struct timespec *until)
{
	LOCK(s, sem_trywait, -1, ENDS, REAL(sem_timedwait)(s, until));
}

int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	LOCK(s, sem_trywait, -1, ENDS, REAL(sem_clockwait)(s, clock, until));
}

/* Another thread runs the initializer: then both libcs have the lowest bit set. */
static bool once_waits(const void *control)
{
	return !quiet() && thread_owes() &&
	       __atomic_load_n((const int *)control, __ATOMIC_RELAXED) & 1;
}

HOOKED(int, pthread_once, (pthread_once_t * control, void (*f)(void)), (control, f),
       !thread_owes())
{
	if (!once_waits(control))
		return REAL(pthread_once)(control, f);
	SLEEP(int, GOES_ON, REAL(pthread_once)(control, f));
}
SAME_AS(__pthread_once, pthread_once);

void call_once(once_flag *control, void (*f)(void))
{
	bool waits = once_waits(control);

	if (waits)
		pause_before(LINGER_SETTLE_MS);
	REAL(call_once)(control, f);
	if (waits)
		pause_after();
}

void flockfile(FILE *f)
{
	int (*try)(FILE * f);

	if (quiet() || !thread_owes()) {
		REAL(flockfile)(f);
		return;
	}
	try = (int (*)(FILE *))real_find("ftrylockfile");
	if (try && !try(f))
		return;
	pause_before(LINGER_SETTLE_MS);
	REAL(flockfile)(f);
	pause_after();
}
SAME_AS(_IO_flockfile, flockfile);

/* --- files and System V ---------------------------------------------------------- */

int flock(int fd, int operation)
{
	if (operation & (LOCK_NB | LOCK_UN))
		return REAL(flock)(fd, operation);
	SLEEP(int, RESTARTS, REAL(flock)(fd, operation));
}

int lockf(int fd, int command, off_t n)
{
	if (command != F_LOCK)
		return REAL(lockf)(fd, command, n);
	SLEEP(int, RESTARTS, REAL(lockf)(fd, command, n));
}

int lockf64(int fd, int command, off64_t n)
{
	if (command != F_LOCK)
		return REAL(lockf64)(fd, command, n);
	SLEEP(int, RESTARTS, REAL(lockf64)(fd, command, n));
}

ssize_t msgrcv(int id, void *m, size_t n, long type, int flags)
{
	if (flags & IPC_NOWAIT)
		return REAL(msgrcv)(id, m, n, type, flags);
	SLEEP(ssize_t, ENDS, REAL(msgrcv)(id, m, n, type, flags));
}

int msgsnd(int id, const void *m, size_t n, int flags)
{
	if (flags & IPC_NOWAIT)
		return REAL(msgsnd)(id, m, n, flags);
	SLEEP(int, ENDS, REAL(msgsnd)(id, m, n, flags));
}

int semop(int id, struct sembuf *operations, size_t n)
{
	SLEEP(int, ENDS, REAL(semop)(id, operations, n));
}

int semtimedop(int id, struct sembuf *operations, size_t n,
	       const struct timespec *timeout)
{
	SLEEP(int, ENDS, REAL(semtimedop)(id, operations, n, timeout));
}

ssize_t mq_receive(mqd_t q, char *m, size_t n, unsigned int *priority)
{
	SLEEP(ssize_t, RESTARTS, REAL(mq_receive)(q, m, n, priority));
}

ssize_t mq_timedreceive(mqd_t q, char *restrict m, size_t n,
			unsigned int *restrict priority,
			const struct timespec *restrict until)
{
	SLEEP(ssize_t, ENDS, REAL(mq_timedreceive)(q, m, n, priority, until));
}

int mq_send(mqd_t q, const char *m, size_t n, unsigned int priority)
{
	SLEEP(int, RESTARTS, REAL(mq_send)(q, m, n, priority));
}

int mq_timedsend(mqd_t q, const char *m, size_t n, unsigned int priority,
		 const struct timespec *until)
{
	SLEEP(int, ENDS, REAL(mq_timedsend)(q, m, n, priority, until));
}
