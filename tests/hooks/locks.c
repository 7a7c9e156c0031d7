/* SPDX-License-Identifier: MIT */
/* locks: what threads wait for. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
typedef const struct timespec *when;
int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
			   when) MAYBE;
int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, when) MAYBE;
int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, when) MAYBE;
int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, when) MAYBE;
int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock, when) MAYBE;
int sem_clockwait(sem_t *s, clockid_t clock, when) MAYBE;

static const struct timespec wrong = { 1, -1 };
static struct timespec until_store;

static when soon(clockid_t clock, int ms)
{
	until_store = in_ms(clock, ms);
	return &until_store;
}

/* --- locks ----------------------------------------------------------------- */

/* A lock as it is taken by the call under test; in the first thread or the second. */
struct lock {
	int (*take)(when until);
	int (*give_back)(void);
	bool timed;
	int wait[2]; /* pipes: the holder has it; the holder may give it back */
	int done[2];
};

static void *holder(void *arg)
{
	struct lock *l = arg;
	char c;

	l->take(soon(CLOCK_REALTIME, 5000));
	if (write(l->wait[1], "h", 1) != 1 || read(l->done[0], &c, 1) != 1)
		say("\tthe holder lost its way");
	usleep(10000);
	l->give_back();
	return NULL;
}

static void locks(int (*take)(when until), int (*give_back)(void), bool timed,
		  clockid_t clock)
{
	struct lock l = { .take = take, .give_back = give_back, .timed = timed };
	pthread_t thread;
	char c;

	STEP(take(soon(clock, 1000)));
	STEP(give_back());
	if (pipe(l.wait) || pipe(l.done) || pthread_create(&thread, NULL, holder, &l))
		return;
	if (read(l.wait[0], &c, 1) != 1)
		say("\tnobody holds it");
	if (timed) {
		STEP(take(soon(clock, 5)));
		STEP(take(&wrong));
	}
	if (write(l.done[1], "g", 1) != 1)
		say("\tthe holder cannot be told");
	STEP(take(soon(clock, 5000))); /* when the holder gives it back */
	STEP(give_back());
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		close(l.wait[i]);
		close(l.done[i]);
	}
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t mtx;
static sem_t sem;

static int mutex_unlock(void)
{
	return pthread_mutex_unlock(&mutex);
}

static int rwlock_unlock(void)
{
	return pthread_rwlock_unlock(&rwlock);
}

static int mtx_give(void)
{
	return mtx_unlock(&mtx);
}

static int sem_give(void)
{
	return sem_post(&sem);
}

#define LOCKS(name, timed, clock, unlock, call) \
	static int take_##name(when until) \
	{ \
		(void)until; \
		return call; \
	} \
	FRAGMENT(name) \
	{ \
		sem_init(&sem, 0, 1); \
		mtx_init(&mtx, mtx_timed); \
		locks(take_##name, unlock, timed, clock); \
	}

#define REALTIME CLOCK_REALTIME
LOCKS(pthread_mutex_lock, false, REALTIME, mutex_unlock, pthread_mutex_lock(&mutex))
LOCKS(pthread_mutex_timedlock, true, REALTIME, mutex_unlock,
      pthread_mutex_timedlock(&mutex, until))
LOCKS(pthread_mutex_clocklock, true, REALTIME, mutex_unlock,
      pthread_mutex_clocklock(&mutex, REALTIME, until))
LOCKS(pthread_rwlock_wrlock, false, REALTIME, rwlock_unlock,
      pthread_rwlock_wrlock(&rwlock))
LOCKS(pthread_rwlock_timedwrlock, true, REALTIME, rwlock_unlock,
      pthread_rwlock_timedwrlock(&rwlock, until))
LOCKS(pthread_rwlock_clockwrlock, true, REALTIME, rwlock_unlock,
      pthread_rwlock_clockwrlock(&rwlock, REALTIME, until))
LOCKS(mtx_lock, false, REALTIME, mtx_give, mtx_lock(&mtx))
LOCKS(mtx_timedlock, true, REALTIME, mtx_give, mtx_timedlock(&mtx, until))
LOCKS(sem_timedwait, true, REALTIME, sem_give, sem_timedwait(&sem, until))
LOCKS(sem_clockwait, true, REALTIME, sem_give, sem_clockwait(&sem, REALTIME, until))

static int take_sem(when until)
{
	(void)until;
	return sem_wait(&sem);
}

FRAGMENT(sem_wait)
{
	sem_init(&sem, 0, 1);
	locks(take_sem, sem_give, false, REALTIME);
	sem_init(&sem, 0, 0);
	alarm_in(5);
	STEP(sem_wait(&sem));
	alarm_off();
}

/* The lock for reading while another thread writes; and twice. */
#define READ_LOCKS(name, timed, call) \
	static int take_##name(when until) \
	{ \
		(void)until; \
		return call; \
	} \
	FRAGMENT(name) \
	{ \
		STEP(take_##name(soon(REALTIME, 1000))); \
		STEP(take_##name(soon(REALTIME, 1000))); \
		STEP(rwlock_unlock()); \
		STEP(rwlock_unlock()); \
		write_locked(take_##name, timed); \
	}

static int take_for_writing(when until)
{
	(void)until;
	return pthread_rwlock_wrlock(&rwlock);
}

static void write_locked(int (*take)(when until), bool timed)
{
	struct lock l = { .take = take_for_writing, .give_back = rwlock_unlock };
	pthread_t thread;
	char c;

	if (pipe(l.wait) || pipe(l.done) || pthread_create(&thread, NULL, holder, &l))
		return;
	if (read(l.wait[0], &c, 1) != 1)
		say("\tnobody holds it");
	if (timed) {
		STEP(take(soon(REALTIME, 5)));
		STEP(take(&wrong));
	}
	if (write(l.done[1], "g", 1) != 1)
		say("\tthe holder cannot be told");
	STEP(take(soon(REALTIME, 5000)));
	STEP(rwlock_unlock());
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		close(l.wait[i]);
		close(l.done[i]);
	}
}

READ_LOCKS(pthread_rwlock_rdlock, false, pthread_rwlock_rdlock(&rwlock))
READ_LOCKS(pthread_rwlock_timedrdlock, true, pthread_rwlock_timedrdlock(&rwlock, until))
READ_LOCKS(pthread_rwlock_clockrdlock, true,
	   pthread_rwlock_clockrdlock(&rwlock, REALTIME, until))

/* --- conditions ------------------------------------------------------------ */

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static cnd_t cnd;
static bool happened;

static void *make_it_happen(void *c11)
{
	usleep(5000);
	if (c11)
		mtx_lock(&mtx);
	else
		pthread_mutex_lock(&mutex);
	happened = true;
	if (c11) {
		cnd_broadcast(&cnd);
		mtx_unlock(&mtx);
	} else {
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Woken by another thread: more than once is allowed, so the calls are not counted. */
static void woken(int (*wait_for)(when until), bool c11)
{
	pthread_t thread;
	int r = 0;

	happened = false;
	if (pthread_create(&thread, NULL, make_it_happen, c11 ? &cnd : NULL))
		return;
	if (c11)
		mtx_lock(&mtx);
	else
		pthread_mutex_lock(&mutex);
	while (!happened && !r)
		r = wait_for(soon(REALTIME, 5000));
	say("\twoken, %d", r);
	if (c11)
		mtx_unlock(&mtx);
	else
		pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
}

static int by_cond_wait(when until)
{
	(void)until;
	return pthread_cond_wait(&cond, &mutex);
}

FRAGMENT(pthread_cond_wait)
{
	woken(by_cond_wait, false);
}

static int by_cond_timedwait(when until)
{
	return pthread_cond_timedwait(&cond, &mutex, until);
}

FRAGMENT(pthread_cond_timedwait)
{
	pthread_condattr_t attributes;
	pthread_cond_t other; /* the symbol's older version knows no other clock */

	woken(by_cond_timedwait, false);
	pthread_mutex_lock(&mutex);
	STEP(by_cond_timedwait(soon(REALTIME, 5)));
	STEP(by_cond_timedwait(&wrong));
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&other, &attributes);
	STEP(pthread_cond_timedwait(&other, &mutex, soon(CLOCK_MONOTONIC, 5)));
	pthread_cond_destroy(&other);
	pthread_mutex_unlock(&mutex);
}

static int by_cond_clockwait(when until)
{
	return pthread_cond_clockwait(&cond, &mutex, REALTIME, until);
}

FRAGMENT(pthread_cond_clockwait)
{
	woken(by_cond_clockwait, false);
	pthread_mutex_lock(&mutex);
	STEP(by_cond_clockwait(soon(REALTIME, 5)));
	STEP(by_cond_clockwait(&wrong));
	STEP(pthread_cond_clockwait(&cond, &mutex, 999, soon(REALTIME, 5)));
	pthread_mutex_unlock(&mutex);
}

static int by_cnd_wait(when until)
{
	(void)until;
	return cnd_wait(&cnd, &mtx);
}

FRAGMENT(cnd_wait)
{
	cnd_init(&cnd);
	mtx_init(&mtx, mtx_plain);
	woken(by_cnd_wait, true);
}

static int by_cnd_timedwait(when until)
{
	return cnd_timedwait(&cnd, &mtx, until);
}

FRAGMENT(cnd_timedwait)
{
	cnd_init(&cnd);
	mtx_init(&mtx, mtx_plain);
	woken(by_cnd_timedwait, true);
	mtx_lock(&mtx);
	STEP(by_cnd_timedwait(soon(REALTIME, 5)));
	STEP(by_cnd_timedwait(&wrong));
	mtx_unlock(&mtx);
}

/* --- threads --------------------------------------------------------------- */

static pthread_barrier_t barrier;

static void *at_barrier(void *unused)
{
	(void)unused;
	usleep(3000);
	return (void *)(long)pthread_barrier_wait(&barrier);
}

FRAGMENT(pthread_barrier_wait)
{
	pthread_t thread;
	void *other;
	int own;

	pthread_barrier_init(&barrier, NULL, 1);
	STEP(pthread_barrier_wait(&barrier));
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, at_barrier, NULL))
		return;
	own = pthread_barrier_wait(&barrier);
	pthread_join(thread, &other);
	say("\tone of two is the serial one: %d",
	    (own == PTHREAD_BARRIER_SERIAL_THREAD) !=
		    ((long)other == PTHREAD_BARRIER_SERIAL_THREAD));
}

static void *nap(void *ms)
{
	usleep((useconds_t)(long)ms * 1000);
	return (void *)42;
}

static int c11_nap(void *ms)
{
	usleep((useconds_t)(long)ms * 1000);
	return 43;
}

FRAGMENT(pthread_join)
{
	pthread_t thread;
	void *ret = NULL;

	if (pthread_create(&thread, NULL, nap, (void *)5))
		return;
	STEP(pthread_join(thread, &ret));
	say("\treturned %ld", (long)ret);
}

static void joins(int (*join)(pthread_t thread, void **ret, when until))
{
	pthread_t thread;
	void *ret = NULL;

	if (pthread_create(&thread, NULL, nap, (void *)60))
		return;
	STEP(join(thread, &ret, soon(REALTIME, 5)));
	STEP(join(thread, &ret, soon(REALTIME, 5000)));
	say("\treturned %ld", (long)ret);
}

FRAGMENT(pthread_timedjoin_np)
{
	joins(pthread_timedjoin_np);
}

static int by_clockjoin(pthread_t thread, void **ret, when until)
{
	return pthread_clockjoin_np(thread, ret, REALTIME, until);
}

FRAGMENT(pthread_clockjoin_np)
{
	joins(by_clockjoin);
}

FRAGMENT(thrd_join)
{
	thrd_t thread;
	int ret = 0;

	if (thrd_create(&thread, c11_nap, (void *)5) != thrd_success)
		return;
	STEP(thrd_join(thread, &ret));
	say("\treturned %d", ret);
}
