/* SPDX-License-Identifier: MIT */
/* threads: conditions, barriers and the ends of threads. */
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
typedef const struct timespec *when;
int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
			   when) MAYBE;
int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock, when) MAYBE;

static const struct timespec wrong = { 1, -1 };
static struct timespec until_store;

static when soon(clockid_t clock, int ms)
{
	until_store = in_ms(clock, ms);
	return &until_store;
}

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static cnd_t cnd;
static mtx_t mtx;
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
		r = wait_for(soon(CLOCK_REALTIME, 5000));
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
	OWING(by_cond_timedwait(soon(CLOCK_REALTIME, 5)));
	OWING(by_cond_timedwait(&wrong));
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&other, &attributes);
	OWING(pthread_cond_timedwait(&other, &mutex, soon(CLOCK_MONOTONIC, 5)));
	pthread_cond_destroy(&other);
	pthread_mutex_unlock(&mutex);
}

static int by_cond_clockwait(when until)
{
	return pthread_cond_clockwait(&cond, &mutex, CLOCK_REALTIME, until);
}

FRAGMENT(pthread_cond_clockwait)
{
	woken(by_cond_clockwait, false);
	pthread_mutex_lock(&mutex);
	OWING(by_cond_clockwait(soon(CLOCK_REALTIME, 5)));
	OWING(by_cond_clockwait(&wrong));
	OWING(pthread_cond_clockwait(&cond, &mutex, 999, soon(CLOCK_REALTIME, 5)));
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
	OWING(by_cnd_timedwait(soon(CLOCK_REALTIME, 5)));
	OWING(by_cnd_timedwait(&wrong));
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
	OWING(pthread_barrier_wait(&barrier));
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
	OWING(pthread_join(thread, &ret));
	say("\treturned %ld", (long)ret);
}

static void joins(int (*join)(pthread_t thread, void **ret, when until))
{
	pthread_t thread;
	void *ret = NULL;

	if (pthread_create(&thread, NULL, nap, (void *)60))
		return;
	OWING(join(thread, &ret, soon(CLOCK_REALTIME, 5)));
	OWING(join(thread, &ret, soon(CLOCK_REALTIME, 5000)));
	say("\treturned %ld", (long)ret);
}

FRAGMENT(pthread_timedjoin_np)
{
	joins(pthread_timedjoin_np);
}

static int by_clockjoin(pthread_t thread, void **ret, when until)
{
	return pthread_clockjoin_np(thread, ret, CLOCK_REALTIME, until);
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
	OWING(thrd_join(thread, &ret));
	say("\treturned %d", ret);
}
