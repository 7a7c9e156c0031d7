/* SPDX-License-Identifier: MIT */
/*
 * hooks-frames FRAME quiet|warm [FRAGMENT]: runs the fragments in one frame and prints
 * their trace. Frames: main, fork (in a forked child), thread (in a second thread),
 * constructor (the helper library's, before main: nothing is left to do here).
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"

static void *in_thread(void *only)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	fragments_run(only);
	return NULL;
}

/* The main thread blocks all signals, so that they come to the one that acts. */
static void run_in_thread(const char *only)
{
	sigset_t all;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (pthread_create(&thread, NULL, in_thread, (void *)only))
		say("no thread");
	else
		pthread_join(thread, NULL);
}

static void run_in_child(const char *only)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		fragments_run(only);
		_exit(0);
	}
	waitpid(child, &status, 0);
	say_status(status);
}

int main(int argc, char **argv)
{
	const char *only = argc > 3 ? argv[3] : NULL;

	if (argc < 3)
		return 2;
	warm = !strcmp(argv[2], "warm");
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(argv[1], "main"))
		fragments_run(only);
	else if (!strcmp(argv[1], "fork"))
		run_in_child(only);
	else if (!strcmp(argv[1], "thread"))
		run_in_thread(only);
	else if (strcmp(argv[1], "constructor"))
		return 2;
	say("done");
	return 0;
}
