/* SPDX-License-Identifier: MIT */
/*
 * beside: a program of threads that does not link libdl, and hooked calls that glibc
 * before 2.34 has in libraries beside itself: all of them do what they are there for.
 */
#include <aio.h>
#include <mqueue.h>
#include <netdb.h>
#include <pthread.h>
#include <pty.h>
#include <resolv.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#define SAY(call) printf("%s: %ld\n", #call, (long)(call))

static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag flag = ONCE_FLAG_INIT;
static sem_t sem;
static mtx_t mutex;
static cnd_t cond;
static int ready;

static void first(void)
{
	puts("once");
}

static void *thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	sem_post(&sem);
	mtx_lock(&mutex);
	ready = 1;
	cnd_signal(&cond);
	mtx_unlock(&mutex);
	return arg;
}

static int c11(void *arg)
{
	return *(int *)arg;
}

static void threads(void)
{
	struct timespec long_ago = { 1, 0 };
	int number = 42, got = 0;
	thrd_t other;
	pthread_t t;
	void *ret = NULL;

	pthread_barrier_init(&barrier, NULL, 2);
	sem_init(&sem, 0, 0);
	mtx_init(&mutex, mtx_timed);
	cnd_init(&cond);
	SAY(pthread_once(&once, first));
	SAY(pthread_once(&once, first));
	call_once(&flag, first);
	SAY(mtx_lock(&mutex));
	SAY(pthread_create(&t, NULL, thread, &number));
	pthread_barrier_wait(&barrier);
	SAY(sem_wait(&sem));
	SAY(sem_timedwait(&sem, &long_ago));
	while (!ready)
		cnd_wait(&cond, &mutex);
	SAY(cnd_timedwait(&cond, &mutex, &long_ago));
	SAY(mtx_unlock(&mutex));
	SAY(pthread_join(t, &ret));
	SAY(ret == &number);
	SAY(pthread_rwlock_rdlock(&rwlock));
	SAY(pthread_rwlock_timedwrlock(&rwlock, &long_ago));
	SAY(thrd_create(&other, c11, &number));
	SAY(thrd_join(other, &got));
	SAY(got);
}

static void asynchronous(void)
{
	char bytes[8] = "";
	int ends[2];
	struct aiocb a = { .aio_buf = bytes, .aio_nbytes = sizeof(bytes) };
	const struct aiocb *list[] = { &a };

	if (pipe(ends) || write(ends[1], "seven..", 7) != 7)
		return;
	a.aio_fildes = ends[0];
	SAY(aio_read(&a));
	SAY(aio_suspend(list, 1, NULL));
	SAY(aio_error(&a));
	SAY(aio_return(&a));
	puts(bytes);
}

static void queues(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	char bytes[8] = "", name[32];
	mqd_t q;

	snprintf(name, sizeof(name), "/beside-%d", getpid());
	q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	mq_unlink(name);
	SAY(mq_send(q, "message", 8, 0));
	SAY(mq_receive(q, bytes, sizeof(bytes), NULL));
	puts(bytes);
}

static void names(void)
{
	struct gaicb one = { .ar_name = "127.0.0.1" }, *list[] = { &one };
	unsigned char reply[512];

	SAY(getaddrinfo_a(GAI_WAIT, list, 1, NULL));
	SAY(gai_error(&one));
	SAY(res_query("..", 1, 1, reply, sizeof(reply)));
	SAY(h_errno);
}

static void terminals(void)
{
	int master = -1, status = 0;
	pid_t child = forkpty(&master, NULL, NULL, NULL);

	if (child == 0)
		_exit(7);
	SAY(child > 0);
	SAY(waitpid(child, &status, 0) == child);
	SAY(WEXITSTATUS(status));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	threads();
	asynchronous();
	queues();
	names();
	terminals();
	return 0;
}
