/* SPDX-License-Identifier: MIT */
/*
 * What runs in the lab: the command, its descendants, and the loop that serves the wire
 * until the command ends. Whatever it leaves behind comes to us, as the subreaper, and
 * is killed.
 */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "session.h"
#include "wire.h"

#define END_TRIES 500	/* of 10 ms */

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

static sigset_t watched_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	return set;
}

static pid_t start(char **command, const sigset_t *mask)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "lab: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* A late packet is a wrong measurement; what is not permitted is done without. */
static void be_punctual(void)
{
	struct sched_param param = { .sched_priority = 1 };

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param))
		setpriority(PRIO_PROCESS, 0, -10);
}

/* Returns whether the command has ended. */
static bool reap(pid_t command, int *status)
{
	bool ended = false;
	pid_t pid;
	int got;

	while ((pid = waitpid(-1, &got, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*status = got;
		ended = true;
	}
	return ended;
}

/* The terminal has sent its signals to the whole group already. */
static void forward(pid_t command, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo != SIGCHLD && info->ssi_code <= 0)
		kill(command, (int)info->ssi_signo);
}

static void wait_for(struct pollfd *polled, nfds_t count)
{
	int64_t left = wire_wait();
	struct timespec time = { left / 1000000000, left % 1000000000 };

	if (ppoll(polled, count, left < 0 ? NULL : &time, NULL) < 0)
		for (nfds_t i = 0; i < count; i++)
			polled[i].revents = 0;
}

static int serve(pid_t command, int signals, int client, int server)
{
	struct pollfd polled[3 + CONTROL_POLLED];
	struct signalfd_siginfo info;
	int status = 0;

	for (;;) {
		polled[0] = (struct pollfd){ client, POLLIN, 0 };
		polled[1] = (struct pollfd){ server, POLLIN, 0 };
		polled[2] = (struct pollfd){ signals, POLLIN, 0 };
		control_watch(polled + 3);
		wait_for(polled, 3 + CONTROL_POLLED);
		wire_take_in();
		if (control_has_work(polled + 3))
			control_serve(polled + 3);
		if (!polled[2].revents || read(signals, &info, sizeof(info)) < 0)
			continue;
		if (reap(command, &status))
			return status;
		forward(command, &info);
	}
}

/* The parent in /proc/PID/stat, after the name, which may hold anything; 0: unknown. */
static pid_t parent_of(const char *pid)
{
	char path[64];
	char text[512] = "";
	const char *name_end;
	FILE *file;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fread(text, 1, sizeof(text) - 1, file) > 0) {
		name_end = strrchr(text, ')');
		if (!name_end || sscanf(name_end + 1, " %*c %d", &parent) != 1)
			parent = 0;
	}
	fclose(file);
	return parent;
}

/* Ours to reap, so their numbers cannot have passed to others. */
static void kill_children(void)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (parent_of(entry->d_name) == getpid())
			kill((pid_t)atol(entry->d_name), SIGKILL);
	}
	if (proc)
		closedir(proc);
}

static void end_leftovers(void)
{
	struct timespec pause = { 0, 10000000 };
	pid_t pid = 1;

	for (int i = 0; i < END_TRIES; i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return;
		kill_children();
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "lab: processes of the command would not die\n");
}

int session_run(char **command, const struct net *client, const struct net *server)
{
	sigset_t watched = watched_signals();
	struct sched_param ordinary = { .sched_priority = 0 };
	sigset_t before;
	int signals, status;
	pid_t pid;

	sigprocmask(SIG_BLOCK, &watched, &before);
	signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = signals < 0 ? -1 : start(command, &before);
	if (pid < 0) {
		perror("lab: cannot start the command");
		return 126;
	}
	be_punctual();
	wire_open(client->tun, server->tun);
	status = serve(pid, signals, client->tun, server->tun);
	sched_setscheduler(0, SCHED_OTHER, &ordinary);
	end_leftovers();
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
