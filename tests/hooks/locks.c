/* SPDX-License-Identifier: MIT */
/* locks: what threads keep each other from. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
typedef const struct timespec *when;
int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, when) MAYBE;
int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, when) MAYBE;
int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, when) MAYBE;
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

	OWING(take(soon(clock, 1000)));
	STEP(give_back());
	if (pipe(l.wait) || pipe(l.done) || pthread_create(&thread, NULL, holder, &l))
		return;
	if (read(l.wait[0], &c, 1) != 1)
		say("\tnobody holds it");
	if (timed) {
		OWING(take(soon(clock, 5)));
		OWING(take(&wrong));
	}
	if (write(l.done[1], "g", 1) != 1)
		say("\tthe holder cannot be told");
	OWING(take(soon(clock, 5000))); /* when the holder gives it back */
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
/* Old programs' names; a glibc since 2.34 does not show them to new ones. */
#define OLD(name) ((int (*)(void *))dlsym(RTLD_DEFAULT, #name))
LOCKS(__pthread_mutex_lock, false, REALTIME, mutex_unlock,
      OLD(__pthread_mutex_lock)(&mutex))
LOCKS(__pthread_rwlock_wrlock, false, REALTIME, rwlock_unlock,
      OLD(__pthread_rwlock_wrlock)(&rwlock))
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
	OWING(sem_wait(&sem));
	alarm_off();
}

static pthread_mutex_t special;

static void *dies_with_it(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&special);
	return NULL;
}

/* Its owner is dead, or we are its owner: the lock says so, and does not wait. */
FRAGMENT(special_mutexes)
{
	pthread_mutexattr_t kind;
	pthread_t thread;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&special, &kind);
	if (pthread_create(&thread, NULL, dies_with_it, NULL))
		return;
	pthread_join(thread, NULL);
	OWING(pthread_mutex_lock(&special));
	STEP(pthread_mutex_consistent(&special));
	STEP(pthread_mutex_unlock(&special));
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_STALLED);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&special, &kind);
	OWING(pthread_mutex_lock(&special));
	OWING(pthread_mutex_lock(&special));
	STEP(pthread_mutex_unlock(&special));
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&special, &kind);
	OWING(pthread_mutex_lock(&special));
	OWING(pthread_mutex_timedlock(&special, soon(REALTIME, 5)));
	STEP(pthread_mutex_unlock(&special));
	STEP(pthread_mutex_unlock(&special));
	STEP(pthread_mutex_unlock(&special) != 0);
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
		OWING(take_##name(soon(REALTIME, 1000))); \
		OWING(take_##name(soon(REALTIME, 1000))); \
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
		OWING(take(soon(REALTIME, 5)));
		OWING(take(&wrong));
	}
	if (write(l.done[1], "g", 1) != 1)
		say("\tthe holder cannot be told");
	OWING(take(soon(REALTIME, 5000)));
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
READ_LOCKS(__pthread_rwlock_rdlock, false, OLD(__pthread_rwlock_rdlock)(&rwlock))

/* --- a stream's lock ------------------------------------------------------- */

static FILE *stream;

static int stream_unlock(void)
{
	funlockfile(stream);
	return 0;
}

#define STREAM_LOCKS(name) \
	static int take_##name(when until) \
	{ \
		(void)until; \
		name(stream); \
		return 0; \
	} \
	FRAGMENT(name) \
	{ \
		stream = fopen("/dev/null", "r"); \
		locks(take_##name, stream_unlock, false, REALTIME); \
		flockfile(stream); \
		OWING(take_##name(NULL)); /* once more, by who has it */ \
		stream_unlock(); \
		stream_unlock(); \
		fclose(stream); \
	}

void _IO_flockfile(FILE *f) MAYBE;
STREAM_LOCKS(flockfile)
STREAM_LOCKS(_IO_flockfile)
