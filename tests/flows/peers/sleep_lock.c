/* SPDX-License-Identifier: MIT */
/* sleep_lock: sleeps that another thread or process ends: locks, conditions, joins,
 * futex(2). */
#include "sleep.h"

#include <linux/futex.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <threads.h>

static struct locks {
	pthread_mutex_t mutex;
	pthread_rwlock_t read_lock, write_lock;
	pthread_cond_t cond;
	pthread_mutex_t cond_mutex;
	pthread_barrier_t barrier;
	sem_t sem;
	_Atomic uint32_t word;
	_Atomic int flag, thread_ready;
} * locks;
static int to_thread[2]; /* a pipe to a thread of the sleeper's own */
static mtx_t own_mutex;
static cnd_t own_cond;
static int own_flag;

static void make_locks(void)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	pthread_rwlockattr_t l;
	pthread_barrierattr_t b;

	locks = shared_memory(sizeof(*locks));
	if (pipe(to_thread))
		fail("pipe");
	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&locks->mutex, &m);
	pthread_mutex_init(&locks->cond_mutex, &m);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&locks->cond, &c);
	pthread_rwlockattr_init(&l);
	pthread_rwlockattr_setpshared(&l, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&locks->read_lock, &l);
	pthread_rwlock_init(&locks->write_lock, &l);
	pthread_barrierattr_init(&b);
	pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&locks->barrier, &b, 2);
	sem_init(&locks->sem, 1, 0);
	mtx_init(&own_mutex, mtx_timed);
	cnd_init(&own_cond);
}

static void no_more(void)
{
}

/* --- what ends them ----------------------------------------------------------------
 */

static void unlock_mutex(void)
{
	pthread_mutex_unlock(&locks->mutex);
}

static void unlock_read(void)
{
	pthread_rwlock_unlock(&locks->read_lock);
}

static void unlock_write(void)
{
	pthread_rwlock_unlock(&locks->write_lock);
}

static void signal_cond(void)
{
	pthread_mutex_lock(&locks->cond_mutex);
	locks->flag = 1;
	pthread_cond_broadcast(&locks->cond);
	pthread_mutex_unlock(&locks->cond_mutex);
}

static void post(void)
{
	sem_post(&locks->sem);
}

static void reach_barrier(void)
{
	pthread_barrier_wait(&locks->barrier);
}

static void wake_futex(void)
{
	locks->word = 1;
	syscall(SYS_futex, &locks->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void by_thread(void)
{
	if (write(to_thread[1], "x", 1) < 0)
		fail("write");
}

static void hold_mutex(void)
{
	pthread_mutex_lock(&locks->mutex);
}

static void hold_locks(void)
{
	pthread_rwlock_wrlock(&locks->read_lock);
	pthread_rwlock_wrlock(&locks->write_lock);
}

static void *until_released(void *unused)
{
	char c;

	(void)unused;
	if (read(to_thread[0], &c, 1) < 0)
		fail("read");
	mtx_lock(&own_mutex);
	own_flag = 1;
	cnd_broadcast(&own_cond);
	mtx_unlock(&own_mutex);
	return NULL;
}

static int until_released_c11(void *unused)
{
	return until_released(unused) != NULL;
}

static void *hold_own_mutex(void *unused)
{
	char c;

	(void)unused;
	mtx_lock(&own_mutex);
	locks->thread_ready = 1;
	if (read(to_thread[0], &c, 1) < 0)
		fail("read");
	mtx_unlock(&own_mutex);
	return NULL;
}

static void own_mutex_held(void)
{
	thread_of(hold_own_mutex);
	while (!locks->thread_ready)
		usleep(1000);
}

/* --- the sleeps --------------------------------------------------------------------
 */

static void s_cond(void)
{
	pthread_mutex_lock(&locks->cond_mutex);
	while (!locks->flag)
		pthread_cond_wait(&locks->cond, &locks->cond_mutex);
	pthread_mutex_unlock(&locks->cond_mutex);
}

static void s_cond_timed(void)
{
	pthread_mutex_lock(&locks->cond_mutex);
	while (!locks->flag)
		if (pthread_cond_timedwait(&locks->cond, &locks->cond_mutex,
					   long_after(CLOCK_REALTIME)))
			fail("timed out");
	pthread_mutex_unlock(&locks->cond_mutex);
}

static void s_cond_clock(void)
{
	pthread_mutex_lock(&locks->cond_mutex);
	while (!locks->flag)
		if (pthread_cond_clockwait(&locks->cond, &locks->cond_mutex,
					   CLOCK_MONOTONIC,
					   long_after(CLOCK_MONOTONIC)))
			fail("timed out");
	pthread_mutex_unlock(&locks->cond_mutex);
}

static void s_join(void)
{
	pthread_join(thread_of(until_released), NULL);
}

static void s_join_timed(void)
{
	pthread_timedjoin_np(thread_of(until_released), NULL,
			     long_after(CLOCK_REALTIME));
}

static void s_mutex(void)
{
	pthread_mutex_lock(&locks->mutex);
}

static void s_mutex_timed(void)
{
	pthread_mutex_timedlock(&locks->mutex, long_after(CLOCK_REALTIME));
}

static void s_rdlock(void)
{
	pthread_rwlock_rdlock(&locks->read_lock);
}

static void s_wrlock(void)
{
	pthread_rwlock_wrlock(&locks->write_lock);
}

static void s_barrier(void)
{
	pthread_barrier_wait(&locks->barrier);
}

static void s_sem(void)
{
	sem_wait(&locks->sem);
}

static void s_sem_timed(void)
{
	sem_timedwait(&locks->sem, long_after(CLOCK_REALTIME));
}

static void s_futex(void)
{
	while (!locks->word)
		syscall(SYS_futex, &locks->word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void s_mtx(void)
{
	mtx_lock(&own_mutex);
}

static void s_cnd(void)
{
	thread_of(until_released);
	mtx_lock(&own_mutex);
	while (!own_flag)
		cnd_wait(&own_cond, &own_mutex);
	mtx_unlock(&own_mutex);
}

static void s_mutex_clock(void)
{
	pthread_mutex_clocklock(&locks->mutex, CLOCK_MONOTONIC,
				long_after(CLOCK_MONOTONIC));
}

static void s_rdlock_timed(void)
{
	pthread_rwlock_timedrdlock(&locks->read_lock, long_after(CLOCK_REALTIME));
}

static void s_rdlock_clock(void)
{
	pthread_rwlock_clockrdlock(&locks->read_lock, CLOCK_MONOTONIC,
				   long_after(CLOCK_MONOTONIC));
}

static void s_wrlock_timed(void)
{
	pthread_rwlock_timedwrlock(&locks->write_lock, long_after(CLOCK_REALTIME));
}

static void s_wrlock_clock(void)
{
	pthread_rwlock_clockwrlock(&locks->write_lock, CLOCK_MONOTONIC,
				   long_after(CLOCK_MONOTONIC));
}

static void s_sem_clock(void)
{
	sem_clockwait(&locks->sem, CLOCK_MONOTONIC, long_after(CLOCK_MONOTONIC));
}

static void s_join_clock(void)
{
	pthread_clockjoin_np(thread_of(until_released), NULL, CLOCK_MONOTONIC,
			     long_after(CLOCK_MONOTONIC));
}

static void s_mtx_timed(void)
{
	mtx_timedlock(&own_mutex, long_after(CLOCK_REALTIME));
}

static void s_cnd_timed(void)
{
	thread_of(until_released);
	mtx_lock(&own_mutex);
	while (!own_flag)
		cnd_timedwait(&own_cond, &own_mutex, long_after(CLOCK_REALTIME));
	mtx_unlock(&own_mutex);
}

/* --- initializers, and a stream, that another thread has */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag flag_once = ONCE_FLAG_INIT;

static void initialize(void)
{
	char c;

	locks->thread_ready = 1;
	if (read(to_thread[0], &c, 1) < 0)
		fail("read");
}

static void *run_once(void *unused)
{
	pthread_once(&once, initialize);
	return unused;
}

static void *run_flag_once(void *unused)
{
	call_once(&flag_once, initialize);
	return unused;
}

static void *have_stream(void *unused)
{
	flockfile(stdout);
	initialize();
	funlockfile(stdout);
	return unused;
}

static void held_by(void *(*f)(void *))
{
	thread_of(f);
	while (!locks->thread_ready)
		usleep(1000);
}

static void once_held(void)
{
	held_by(run_once);
}

static void flag_once_held(void)
{
	held_by(run_flag_once);
}

static void stream_held(void)
{
	held_by(have_stream);
}

static void s_once(void)
{
	pthread_once(&once, initialize);
}

static void s_call_once(void)
{
	call_once(&flag_once, initialize);
}

static void s_flockfile(void)
{
	flockfile(stdout);
}

static void s_thrd_join(void)
{
	thrd_t t;

	thrd_create(&t, until_released_c11, NULL);
	thrd_join(t, NULL);
}

static const struct way ways[] = {
	{ "pthread_cond_wait", s_cond, NULL, signal_cond, 0 },
	{ "pthread_cond_timedwait", s_cond_timed, NULL, signal_cond, 0 },
	{ "pthread_cond_clockwait", s_cond_clock, NULL, signal_cond, 0 },
	{ "pthread_join", s_join, NULL, by_thread, 0 },
	{ "pthread_timedjoin_np", s_join_timed, NULL, by_thread, 0 },
	{ "pthread_mutex_lock", s_mutex, hold_mutex, unlock_mutex, 0 },
	{ "pthread_mutex_timedlock", s_mutex_timed, hold_mutex, unlock_mutex, 0 },
	{ "pthread_rwlock_rdlock", s_rdlock, hold_locks, unlock_read, 0 },
	{ "pthread_rwlock_wrlock", s_wrlock, hold_locks, unlock_write, 0 },
	{ "pthread_barrier_wait", s_barrier, NULL, reach_barrier, 0 },
	{ "sem_wait", s_sem, NULL, post, 0 },
	{ "sem_timedwait", s_sem_timed, NULL, post, 0 },
	{ "syscall-futex", s_futex, NULL, wake_futex, 0 },
	{ "pthread_mutex_clocklock", s_mutex_clock, hold_mutex, unlock_mutex, 0 },
	{ "pthread_rwlock_timedrdlock", s_rdlock_timed, hold_locks, unlock_read, 0 },
	{ "pthread_rwlock_clockrdlock", s_rdlock_clock, hold_locks, unlock_read, 0 },
	{ "pthread_rwlock_timedwrlock", s_wrlock_timed, hold_locks, unlock_write, 0 },
	{ "pthread_rwlock_clockwrlock", s_wrlock_clock, hold_locks, unlock_write, 0 },
	{ "sem_clockwait", s_sem_clock, NULL, post, 0 },
	{ "pthread_clockjoin_np", s_join_clock, NULL, by_thread, 0 },
	{ "mtx_timedlock", s_mtx_timed, own_mutex_held, by_thread, SLEEPER_HOLDS },
	{ "cnd_timedwait", s_cnd_timed, NULL, by_thread, 0 },
	{ "pthread_once", s_once, once_held, by_thread, SLEEPER_HOLDS },
	{ "call_once", s_call_once, flag_once_held, by_thread, SLEEPER_HOLDS },
	{ "flockfile", s_flockfile, stream_held, by_thread, SLEEPER_HOLDS },
	{ "mtx_lock", s_mtx, own_mutex_held, by_thread, SLEEPER_HOLDS },
	{ "cnd_wait", s_cnd, NULL, by_thread, 0 },
	{ "thrd_join", s_thrd_join, NULL, by_thread, 0 },
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_locks,
			  no_more);
}
