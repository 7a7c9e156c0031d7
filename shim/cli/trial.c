/* SPDX-License-Identifier: MIT */
/* trial: starts a program and keeps what it said; see trial.h. */
#include "cli/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* In the child, between fork and exec. */
static void become(const char *const argv[], const char *preload, int out, int noise)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(null, STDIN_FILENO) < 0)
		close(STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(noise, STDERR_FILENO);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	unsetenv("TFOSHIM_LOG");
	unsetenv("TFOSHIM_OFF");
	execvp(argv[0], (char *const *)argv);
	_exit(STATUS_MISSING);
}

static int left_of(const struct timespec *start, int ms)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone < ms ? (int)(ms - gone) : 0;
}

/* What does not fit is read all the same: nobody shall wait for us. */
static bool take(struct pollfd *from, char *to, size_t room, size_t *n)
{
	char drop[512];
	bool fits = *n + 1 < room;
	ssize_t got;

	if (!from->revents)
		return true;
	got = fits ? read(from->fd, to + *n, room - *n - 1)
		   : read(from->fd, drop, sizeof(drop));
	if (got > 0 && fits)
		*n += (size_t)got;
	to[*n] = '\0';
	if (got <= 0)
		from->fd = -1;
	return got > 0;
}

/* Until both have ended: false when they did not in time. */
static bool listen_to(int out, int noise, const struct timespec *since, int ms,
		      struct trial *ret)
{
	struct pollfd wait[2] = { { .fd = out, .events = POLLIN },
				  { .fd = noise, .events = POLLIN } };
	int open_ends = 2;

	while (open_ends) {
		if (poll(wait, 2, left_of(since, ms)) <= 0)
			return false;
		open_ends -= !take(&wait[0], ret->out, sizeof(ret->out), &ret->out_n);
		open_ends -= !take(&wait[1], ret->noise, sizeof(ret->noise),
				   &ret->noise_n);
	}
	return true;
}

/* It may have closed both, and go on. */
static bool has_ended(pid_t pid, const struct timespec *since, int ms, int *ret_status)
{
	pid_t got;

	while ((got = waitpid(pid, ret_status, WNOHANG)) == 0 && left_of(since, ms))
		usleep(1000);
	return got == pid;
}

static int start(const char *const argv[], const char *preload, const int out[2],
		 const int noise[2])
{
	pid_t pid = fork();

	if (pid == 0)
		become(argv, preload, out[1], noise[1]);
	close(out[1]);
	close(noise[1]);
	return pid < 0 ? -EAGAIN : pid;
}

int trial_run(const char *const argv[], const char *preload, int ms, struct trial *ret)
{
	int out[2], noise[2], status = 0;
	struct timespec since;
	bool ended;
	pid_t pid;

	*ret = (struct trial){ .out_n = 0 };
	signal(SIGCHLD,
	       SIG_DFL); /* ignored, as some start us, children leave no status */
	clock_gettime(CLOCK_MONOTONIC, &since);
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(noise, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return -EMFILE;
	}
	pid = start(argv, preload, out, noise);
	ended = pid > 0 && listen_to(out[0], noise[0], &since, ms, ret) &&
		has_ended(pid, &since, ms, &status);
	close(out[0]);
	close(noise[0]);
	if (pid < 0)
		return pid;
	if (ended)
		return status;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return -ETIMEDOUT;
}
