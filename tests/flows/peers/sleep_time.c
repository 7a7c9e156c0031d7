/* SPDX-License-Identifier: MIT */
/*
 * sleep_time: sleeps that a signal ends, a child, or a message (System V, POSIX); the
 * sleeps of time itself.
 */
#include "sleep.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <threads.h>

static const struct timespec long_ts = { LONG_S, 0 };
static int queue_id, sem_id;
static char queue_name[64];
static mqd_t queue;

static void make_queues(void)
{
	struct mq_attr size = { .mq_maxmsg = 1, .mq_msgsize = 64 };

	snprintf(queue_name, sizeof(queue_name), "/sleep.%d.%ld", getpid(), now_us());
	queue_id = msgget(IPC_PRIVATE, 0600);
	sem_id = semget(IPC_PRIVATE, 1, 0600);
	queue = mq_open(queue_name, O_RDWR | O_CREAT | O_EXCL, 0600, &size);
}

static void remove_queues(void)
{
	mq_unlink(queue_name);
	msgctl(queue_id, IPC_RMID, NULL);
	semctl(sem_id, 0, IPC_RMID);
}

/* --- what ends them ----------------------------------------------------------------
 */

static void signal_sleeper(void)
{
	/* once may come before the sleep has begun: again and again, until it has ended
	 */
	while (!shared->sleep_ended) {
		kill(sleeper, SIGUSR1);
		usleep(20000);
	}
}

static void end_helper(void)
{
	_exit(0);
}

static void send_msg(void)
{
	struct {
		long type;
		char c;
	} m = { 1, 'x' };
	msgsnd(queue_id, &m, 1, 0);
}

static void raise_sem(void)
{
	struct sembuf up = { 0, 1, 0 };
	semop(sem_id, &up, 1);
}

static void send_mq(void)
{
	mq_send(queue, "x", 1, 0);
}

/* --- the sleeps --------------------------------------------------------------------
 */

static void s_waitpid(void)
{
	if (waitpid(helper, NULL, 0) < 0)
		fail("waitpid");
}

static void s_wait(void)
{
	if (wait(NULL) < 0)
		fail("wait");
}

static void s_wait3(void)
{
	if (wait3(NULL, 0, NULL) < 0)
		fail("wait3");
}

static void s_wait4(void)
{
	if (wait4(helper, NULL, 0, NULL) < 0)
		fail("wait4");
}

static void s_waitid(void)
{
	siginfo_t i;
	if (waitid(P_ALL, 0, &i, WEXITED))
		fail("waitid");
}

static void s_sleep(void)
{
	sleep(LONG_S);
}

static void s_usleep(void)
{
	usleep(LONG_S * 1000000);
}

static void s_nanosleep(void)
{
	nanosleep(&long_ts, NULL);
}

static void s_clock_nanosleep(void)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0, &long_ts, NULL);
}

static void s_thrd_sleep(void)
{
	thrd_sleep(&long_ts, NULL);
}

static void s_select_nothing(void)
{
	struct timeval t = { LONG_S, 0 };
	select(0, NULL, NULL, NULL, &t);
}

static void s_pause(void)
{
	pause();
}

static void s_sigsuspend(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigsuspend(&none);
}

/* BSD's; the header's is X/Open's. */
int bsd_sigpause(int mask) __asm__("sigpause");
int __sigpause(int mask_or_sig, int is_sig);
int __xpg_sigpause(int sig);

static void s_bsd_sigpause(void)
{
	bsd_sigpause(0);
}

static void s_sigpause_both(void)
{
	__sigpause(0, 0);
}

static void s_xpg_sigpause(void)
{
	__xpg_sigpause(SIGUSR1);
}

static void s_sigwait(void)
{
	sigset_t set = usr1();
	int n;
	sigwait(&set, &n);
}

static void s_sigwaitinfo(void)
{
	sigset_t set = usr1();
	sigwaitinfo(&set, NULL);
}

static void s_sigtimedwait(void)
{
	sigset_t set = usr1();
	sigtimedwait(&set, NULL, &long_ts);
}

static void s_msgrcv(void)
{
	struct {
		long type;
		char c[8];
	} m;
	one_byte(msgrcv(queue_id, &m, 8, 0, 0));
}

static void s_semop(void)
{
	struct sembuf down = { 0, -1, 0 };
	if (semop(sem_id, &down, 1))
		fail("semop");
}

static void s_semtimedop(void)
{
	struct sembuf down = { 0, -1, 0 };

	if (semtimedop(sem_id, &down, 1, &long_ts))
		fail("semtimedop");
}

/* Full, but for who empties it. */
static void fill_mq(void)
{
	mq_send(queue, "x", 1, 0);
}

static void drain_mq(void)
{
	char c[64];

	mq_receive(queue, c, 64, NULL);
}

static void s_mq_send(void)
{
	if (mq_send(queue, "y", 1, 0))
		fail("mq_send");
}

static void s_mq_timedsend(void)
{
	if (mq_timedsend(queue, "y", 1, 0, long_after(CLOCK_REALTIME)))
		fail("mq_timedsend");
}

static struct letter {
	long type;
	char c[4096];
} letter = { .type = 1 };

static void fill_msg(void)
{
	while (!msgsnd(queue_id, &letter, sizeof(letter.c), IPC_NOWAIT))
		;
}

static void drain_msg(void)
{
	msgrcv(queue_id, &letter, sizeof(letter.c), 0, 0);
}

static void s_msgsnd(void)
{
	if (msgsnd(queue_id, &letter, sizeof(letter.c), 0))
		fail("msgsnd");
}

static void s_mq(void)
{
	char c[64];
	one_byte(mq_receive(queue, c, 64, NULL));
}

static void s_mq_timed(void)
{
	char c[64];

	one_byte(mq_timedreceive(queue, c, 64, NULL, long_after(CLOCK_REALTIME)));
}

static const struct way ways[] = {
	{ "waitpid", s_waitpid, NULL, end_helper, 0 },
	{ "wait", s_wait, NULL, end_helper, 0 },
	{ "wait3", s_wait3, NULL, end_helper, 0 },
	{ "wait4", s_wait4, NULL, end_helper, 0 },
	{ "waitid", s_waitid, NULL, end_helper, 0 },
	{ "sleep", s_sleep, NULL, signal_sleeper, 0 },
	{ "usleep", s_usleep, NULL, signal_sleeper, 0 },
	{ "nanosleep", s_nanosleep, NULL, signal_sleeper, 0 },
	{ "clock_nanosleep", s_clock_nanosleep, NULL, signal_sleeper, 0 },
	{ "thrd_sleep", s_thrd_sleep, NULL, signal_sleeper, 0 },
	{ "pause", s_pause, NULL, signal_sleeper, 0 },
	{ "sigsuspend", s_sigsuspend, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigpause", s_bsd_sigpause, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "__sigpause", s_sigpause_both, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "__xpg_sigpause", s_xpg_sigpause, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigwait", s_sigwait, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigwaitinfo", s_sigwaitinfo, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "sigtimedwait", s_sigtimedwait, NULL, signal_sleeper, SIGNAL_BLOCKED },
	{ "select-nothing", s_select_nothing, NULL, signal_sleeper, 0 },
	{ "msgrcv", s_msgrcv, NULL, send_msg, 0 },
	{ "semop", s_semop, NULL, raise_sem, 0 },
	{ "msgsnd", s_msgsnd, fill_msg, drain_msg, 0 },
	{ "semtimedop", s_semtimedop, NULL, raise_sem, 0 },
	{ "mq_send", s_mq_send, fill_mq, drain_mq, 0 },
	{ "mq_timedsend", s_mq_timedsend, fill_mq, drain_mq, 0 },
	{ "mq_receive", s_mq, NULL, send_mq, 0 },
	{ "mq_timedreceive", s_mq_timed, NULL, send_mq, 0 },
};

int main(int argc, char **argv)
{
	return sleep_main(argc, argv, ways, sizeof(ways) / sizeof(*ways), make_queues,
			  remove_queues);
}
