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
	STEP(flock(e.near, LOCK_EX));
	STEP(flock(e.far, LOCK_EX | LOCK_NB));
	alarm_in(5);
	STEP(flock(e.far, LOCK_EX));
	alarm_off();
	STEP(flock(e.near, LOCK_UN));
	STEP(flock(e.far, LOCK_SH));
	STEP(flock(e.near, 77));
	ends_close(&e);
	STEP(flock(-1, LOCK_EX));
}

typedef int locker(int fd, int command, off_t n);

static void locks(locker *lock)
{
	int fd = file_new(), r;
	pid_t child;

	STEP(lock(fd, F_LOCK, 10));
	STEP(lock(fd, F_TEST, 10));
	child = child_begin();
	if (!child) {
		STEP(lock(fd, F_TLOCK, 10));
		STEP(lock(fd, F_TEST, 10));
		alarm_in(5);
		r = lock(fd, F_LOCK, 10);
		alarm_off();
		_exit(r == -1 ? 3 : 4);
	}
	child_end(child);
	STEP(lock(fd, F_ULOCK, 10));
	STEP(lock(fd, 77, 10));
	close(fd);
	STEP(lock(fd, F_LOCK, 10));
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

	STEP(msgrcv(id, &got, 2, 0, 0));
	STEP(msgrcv(id, &got, sizeof(got.text), 7, IPC_NOWAIT));
	STEP(msgrcv(id, &got, sizeof(got.text), 3, 0));
	say_bytes(got.text, 4);
	alarm_in(5);
	STEP(msgrcv(id, &got, sizeof(got.text), 0, 0));
	alarm_off();
	msgctl(id, IPC_RMID, NULL);
	STEP(msgrcv(id, &got, sizeof(got.text), 0, 0));
	STEP(msgrcv(-1, &got, sizeof(got.text), 0, 0));
}

FRAGMENT(msgsnd)
{
	struct letter letter = { .type = 0 };
	int id = queue_with("dear");

	STEP(msgsnd(id, &letter, 4, 0));
	letter.type = 1;
	STEP(msgsnd(id, &letter, 4, 0));
	STEP(msgsnd(id, &letter, 1 << 20, 0));
	STEP(msgsnd(id, nowhere, 4, 0));
	msgctl(id, IPC_RMID, NULL);
	STEP(msgsnd(id, &letter, 4, 0));
}

static void semaphores(int (*operate)(int id, struct sembuf *operations, size_t n))
{
	struct sembuf up = { 0, 2, 0 }, down = { 0, -1, 0 }, far = { 99, 1, 0 };
	struct sembuf try = { 0, -1, IPC_NOWAIT };
	int id = semget(IPC_PRIVATE, 1, 0600);

	STEP(operate(id, &up, 1));
	STEP(operate(id, &down, 1));
	STEP(operate(id, &down, 1));
	STEP(operate(id, &try, 1));
	alarm_in(5);
	STEP(operate(id, &down, 1));
	alarm_off();
	STEP(operate(id, &far, 1));
	STEP(operate(id, nowhere, 1));
	STEP(operate(id, &up, 100000));
	semctl(id, 0, IPC_RMID);
	STEP(operate(id, &up, 1));
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
	STEP(semtimedop(id, &down, 1, &t));
	STEP(semtimedop(id, &down, 1, &wrong));
	STEP(semtimedop(id, &down, 1, nowhere));
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

	STEP(receive(q, m, 2, &priority));
	STEP(receive(q, m, 8, &priority));
	say("\tpriority %u", priority);
	say_bytes(m, 3);
	alarm_in(5);
	STEP(receive(q, m, 8, NULL));
	alarm_off();
	mq_close(q);
	STEP(receive(q, m, 8, NULL));
	STEP(receive((mqd_t)-1, m, 8, NULL));
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
	STEP(mq_timedreceive(q, m, 8, NULL, &past));
	STEP(mq_timedreceive(q, m, 8, NULL, &past));
	STEP(mq_timedreceive(q, m, 8, NULL, &wrong));
	mq_close(q);
}

static void sends(int (*put)(mqd_t q, const char *m, size_t n, unsigned int priority))
{
	mqd_t q = mail();

	STEP(put(q, "longer than it may", 18, 0));
	STEP(put(q, "two", 3, 1 << 30));
	STEP(put(q, nowhere, 3, 0));
	STEP(put(q, "two", 3, 9));
	alarm_in(5);
	STEP(put(q, "three", 5, 0));
	alarm_off();
	mq_close(q);
	STEP(put(q, "x", 1, 0));
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
	STEP(mq_timedsend(q, "two", 3, 0, &past));
	STEP(mq_timedsend(q, "three", 5, 0, &past));
	mq_close(q);
}
