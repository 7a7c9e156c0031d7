/* SPDX-License-Identifier: MIT */
/* sleeps: for a time, for a signal, for a child. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

#define MAYBE __attribute__((weak))
int __nanosleep(const struct timespec *t, struct timespec *left) MAYBE;
int __sigsuspend(const sigset_t *mask) MAYBE;
int __sigpause(int mask_or_sig, int is_sig) MAYBE;
int __xpg_sigpause(int sig) MAYBE;
int bsd_sigpause(int mask) __asm__("sigpause") MAYBE;
pid_t __wait(int *status) MAYBE;
pid_t __waitpid(pid_t pid, int *status, int options) MAYBE;

/* --- for a time ------------------------------------------------------------ */

typedef int sleeper(const struct timespec *t, struct timespec *left);

static void naps(sleeper *nap)
{
	const struct timespec short_time = { 0, 1000000 }, wrong = { 0, 1000000000 };
	const struct timespec before = { -1, 0 }, long_time = { 5, 0 };
	struct timespec left = { 7, 7 };

	OWING(nap(&short_time, &left));
	say("\tleft %ld.%ld", (long)left.tv_sec, left.tv_nsec);
	OWING(nap(&short_time, NULL));
	OWING(nap(&wrong, NULL));
	OWING(nap(&before, NULL));
	OWING(nap(nowhere, NULL));
	alarm_in(5);
	OWING(nap(&long_time, &left));
	OWING(nap(&long_time, nowhere));
	alarm_off();
	say("\tleft %ld seconds", (long)left.tv_sec);
}

FRAGMENT(nanosleep)
{
	naps(nanosleep);
}

FRAGMENT(__nanosleep)
{
	naps(__nanosleep);
}

static int by_clock(const struct timespec *t, struct timespec *left)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
}

FRAGMENT(clock_nanosleep)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 3);

	naps(by_clock);
	OWING(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	OWING(clock_nanosleep(999, 0, &t, NULL));
}

FRAGMENT(thrd_sleep)
{
	naps(thrd_sleep);
}

FRAGMENT(sleep)
{
	OWING(sleep(0));
	alarm_in(5);
	OWING(sleep(3) > 0);
	alarm_off();
}

FRAGMENT(usleep)
{
	OWING(usleep(0));
	OWING(usleep(2000));
	alarm_in(5);
	OWING(usleep(900000));
	alarm_off();
}

/* --- for a signal ---------------------------------------------------------- */

FRAGMENT(pause)
{
	alarm_in(5);
	OWING(pause());
	alarm_off();
}

FRAGMENT(__xpg_sigpause)
{
	alarm_in(5);
	OWING(__xpg_sigpause(SIGUSR2));
	OWING(__xpg_sigpause(SIGALRM));
	alarm_off();
	OWING(__xpg_sigpause(9999));
}

FRAGMENT(sigpause)
{
	alarm_in(5);
	OWING(bsd_sigpause(0));
	alarm_off();
}

FRAGMENT(__sigpause)
{
	alarm_in(5);
	OWING(__sigpause(0, 0));
	OWING(__sigpause(SIGUSR2, 1));
	alarm_off();
	OWING(__sigpause(9999, 1));
}

static void suspends(int (*suspend)(const sigset_t *mask))
{
	sigset_t none;

	sigemptyset(&none);
	alarm_in(5);
	OWING(suspend(&none));
	alarm_off();
	OWING(suspend(nowhere));
}

FRAGMENT(sigsuspend)
{
	suspends(sigsuspend);
}

FRAGMENT(__sigsuspend)
{
	suspends(__sigsuspend);
}

static sigset_t user_signals, was;

/* SIGUSR1 waits for this thread to take it. */
static void pend(void)
{
	sigemptyset(&user_signals);
	sigaddset(&user_signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &user_signals, &was);
	pthread_kill(pthread_self(), SIGUSR1);
}

FRAGMENT(sigwait)
{
	int sig = -1;

	pend();
	OWING(sigwait(&user_signals, &sig));
	say("\tsignal %d", sig);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	OWING(sigwait(nowhere, &sig));
}

FRAGMENT(sigwaitinfo)
{
	siginfo_t info;

	pend();
	OWING(sigwaitinfo(&user_signals, &info));
	say("\tsignal %d, from ourselves: %d", info.si_signo, info.si_pid == getpid());
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	OWING(sigwaitinfo(nowhere, &info));
}

FRAGMENT(sigtimedwait)
{
	const struct timespec t = { 0, 2000000 }, wrong = { 0, -1 };
	siginfo_t info;

	pend();
	OWING(sigtimedwait(&user_signals, &info, &t));
	say("\tsignal %d", info.si_signo);
	OWING(sigtimedwait(&user_signals, NULL, &t));
	OWING(sigtimedwait(&user_signals, NULL, &wrong));
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* --- for a child ----------------------------------------------------------- */

static pid_t child_that_ends(int status)
{
	pid_t child = fork();

	if (child == 0)
		_exit(status);
	return child;
}

/* waits returns the child it heard of; -1 as its first argument means any. */
typedef pid_t waiter(pid_t pid, int *status, int options);

static void waits(waiter *hear, bool of_one)
{
	int status = -1;
	pid_t child = child_that_ends(7);

	OWING(hear(-1, &status, 0) == child);
	say_status(status);
	OWING(hear(-1, &status, 0));
	OWING(hear(-1, &status, WNOHANG));
	child = child_that_ends(8);
	if (of_one)
		OWING(hear(child, &status, 0x7777));
	OWING(hear(of_one ? child : -1, NULL, 0) == child);
	child = child_that_ends(9);
	OWING(hear(-1, nowhere, 0) > 0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (of_one)
		OWING(hear(getpid(), &status, WNOHANG));
	child = fork();
	if (child == 0) {
		raise(SIGKILL);
		_exit(1);
	}
	OWING(hear(-1, &status, 0) == child);
	say_status(status);
}

static pid_t by_wait(pid_t pid, int *status, int options)
{
	(void)pid;
	(void)options;
	return wait(status);
}

FRAGMENT(wait)
{
	waits(by_wait, false);
}

static pid_t by_wait_too(pid_t pid, int *status, int options)
{
	(void)pid;
	(void)options;
	return __wait(status);
}

FRAGMENT(__wait)
{
	waits(by_wait_too, false);
}

FRAGMENT(waitpid)
{
	waits(waitpid, true);
}

FRAGMENT(__waitpid)
{
	waits(__waitpid, true);
}

static pid_t by_wait3(pid_t pid, int *status, int options)
{
	struct rusage usage;

	(void)pid;
	return wait3(status, options, &usage);
}

FRAGMENT(wait3)
{
	waits(by_wait3, false);
}

static pid_t by_wait4(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

FRAGMENT(wait4)
{
	waits(by_wait4, true);
}

FRAGMENT(waitid)
{
	siginfo_t info = { 0 };
	pid_t child = child_that_ends(5);

	OWING(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
	say("\tstatus %d, the child: %d", info.si_status, info.si_pid == child);
	OWING(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
	OWING(waitid(P_ALL, 0, &info, WEXITED));
	OWING(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
	OWING(waitid(77, 0, &info, WEXITED));
	OWING(waitid(P_ALL, 0, &info, 0));
}
