/* SPDX-License-Identifier: MIT */
/* files: locks on files, and what System V and POSIX queue. */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <unistd.h>

#include "frames.h"

FRAGMENT(flock)
{
	struct ends e;

	if (!ends_open(KIND_FILE, true, &e))
		return;
	OWING(flock(e.near, LOCK_EX));
	OWING(flock(e.far, LOCK_EX | LOCK_NB));
	alarm_in(5);
	OWING(flock(e.far, LOCK_EX));
	alarm_off();
	OWING(flock(e.near, LOCK_UN));
	OWING(flock(e.far, LOCK_SH));
	OWING(flock(e.near, 77));
	ends_close(&e);
	OWING(flock(-1, LOCK_EX));
}

typedef int locker(int fd, int command, off_t n);

static void locks(locker *lock)
{
	int fd = file_new(), r;
	pid_t child;

	OWING(lock(fd, F_LOCK, 10));
	OWING(lock(fd, F_TEST, 10));
	child = child_begin();
	if (!child) {
		OWING(lock(fd, F_TLOCK, 10));
		OWING(lock(fd, F_TEST, 10));
		alarm_in(5);
		r = lock(fd, F_LOCK, 10);
		alarm_off();
		_exit(r == -1 ? 3 : 4);
	}
	child_end(child);
	OWING(lock(fd, F_ULOCK, 10));
	OWING(lock(fd, 77, 10));
	close(fd);
	OWING(lock(fd, F_LOCK, 10));
}

FRAGMENT(lockf)
{
	locks(lockf);
}

FRAGMENT(lockf64)
{
	locks(lockf64);
}

struct letter {
	long type;
	char text[16];
};

static int queue_with(const char *text)
{
	struct letter letter = { .type = 3 };
	int id = msgget(IPC_PRIVATE, 0600);

	strcpy(letter.text, text);
	if (id < 0 || msgsnd(id, &letter, sizeof(letter.text), 0))
		say("\tno queue: %s", strerror(errno));
	return id;
}

FRAGMENT(msgrcv)
{
	int id = queue_with("dear");
	struct letter got;

	OWING(msgrcv(id, &got, 2, 0, 0));
	OWING(msgrcv(id, &got, sizeof(got.text), 7, IPC_NOWAIT));
	OWING(msgrcv(id, &got, sizeof(got.text), 3, 0));
	say_bytes(got.text, 4);
	alarm_in(5);
	OWING(msgrcv(id, &got, sizeof(got.text), 0, 0));
	alarm_off();
	msgctl(id, IPC_RMID, NULL);
	OWING(msgrcv(id, &got, sizeof(got.text), 0, 0));
	OWING(msgrcv(-1, &got, sizeof(got.text), 0, 0));
}

FRAGMENT(msgsnd)
{
	struct letter letter = { .type = 0 };
	int id = queue_with("dear");

	OWING(msgsnd(id, &letter, 4, 0));
	letter.type = 1;
	OWING(msgsnd(id, &letter, 4, 0));
	OWING(msgsnd(id, &letter, 1 << 20, 0));
	OWING(msgsnd(id, nowhere, 4, 0));
	msgctl(id, IPC_RMID, NULL);
	OWING(msgsnd(id, &letter, 4, 0));
}

static void semaphores(int (*operate)(int id, struct sembuf *operations, size_t n))
{
	struct sembuf up = { 0, 2, 0 }, down = { 0, -1, 0 }, far = { 99, 1, 0 };
	struct sembuf try = { 0, -1, IPC_NOWAIT };
	int id = semget(IPC_PRIVATE, 1, 0600);

	OWING(operate(id, &up, 1));
	OWING(operate(id, &down, 1));
	OWING(operate(id, &down, 1));
	OWING(operate(id, &try, 1));
	alarm_in(5);
	OWING(operate(id, &down, 1));
	alarm_off();
	OWING(operate(id, &far, 1));
	OWING(operate(id, nowhere, 1));
	OWING(operate(id, &up, 100000));
	semctl(id, 0, IPC_RMID);
	OWING(operate(id, &up, 1));
}

FRAGMENT(semop)
{
	semaphores(semop);
}

static int by_semtimedop(int id, struct sembuf *operations, size_t n)
{
	return semtimedop(id, operations, n, NULL);
}

FRAGMENT(semtimedop)
{
	struct timespec t = { 0, 2000000 }, wrong = { 0, -1 };
	struct sembuf down = { 0, -1, 0 };
	int id = semget(IPC_PRIVATE, 1, 0600);

	semaphores(by_semtimedop);
	OWING(semtimedop(id, &down, 1, &t));
	OWING(semtimedop(id, &down, 1, &wrong));
	OWING(semtimedop(id, &down, 1, nowhere));
	semctl(id, 0, IPC_RMID);
}

/* Room for two, one is in it. */
static mqd_t mail(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	char name[64];
	mqd_t q;

	snprintf(name, sizeof(name), "/hooks-%d", (int)getpid());
	q = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
	mq_unlink(name);
	if (q == (mqd_t)-1 || mq_send(q, "one", 3, 5))
		say("\tno mail: %s", strerror(errno));
	return q;
}

static void receives(ssize_t (*receive)(mqd_t q, char *m, size_t n,
					unsigned int *priority))
{
	unsigned int priority = 0;
	mqd_t q = mail();
	char m[8];

	OWING(receive(q, m, 2, &priority));
	OWING(receive(q, m, 8, &priority));
	say("\tpriority %u", priority);
	say_bytes(m, 3);
	alarm_in(5);
	OWING(receive(q, m, 8, NULL));
	alarm_off();
	mq_close(q);
	OWING(receive(q, m, 8, NULL));
	OWING(receive((mqd_t)-1, m, 8, NULL));
}

FRAGMENT(mq_receive)
{
	receives(mq_receive);
}

static ssize_t by_timedreceive(mqd_t q, char *m, size_t n, unsigned int *priority)
{
	return mq_timedreceive(q, m, n, priority, for_ever);
}

FRAGMENT(mq_timedreceive)
{
	const struct timespec past = { 1, 0 }, wrong = { 1, -1 };
	mqd_t q = mail();
	char m[8];

	receives(by_timedreceive);
	OWING(mq_timedreceive(q, m, 8, NULL, &past));
	OWING(mq_timedreceive(q, m, 8, NULL, &past));
	OWING(mq_timedreceive(q, m, 8, NULL, &wrong));
	mq_close(q);
}

static void sends(int (*put)(mqd_t q, const char *m, size_t n, unsigned int priority))
{
	mqd_t q = mail();

	OWING(put(q, "longer than it may", 18, 0));
	OWING(put(q, "two", 3, 1 << 30));
	OWING(put(q, nowhere, 3, 0));
	OWING(put(q, "two", 3, 9));
	alarm_in(5);
	OWING(put(q, "three", 5, 0));
	alarm_off();
	mq_close(q);
	OWING(put(q, "x", 1, 0));
}

FRAGMENT(mq_send)
{
	sends(mq_send);
}

static int by_timedsend(mqd_t q, const char *m, size_t n, unsigned int priority)
{
	return mq_timedsend(q, m, n, priority, for_ever);
}

FRAGMENT(mq_timedsend)
{
	const struct timespec past = { 1, 0 };
	mqd_t q = mail();

	sends(by_timedsend);
	OWING(mq_timedsend(q, "two", 3, 0, &past));
	OWING(mq_timedsend(q, "three", 5, 0, &past));
	mq_close(q);
}
