/* SPDX-License-Identifier: MIT */
/* say: the trace, children and alarms; see frames.h. */
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"

bool warm;
void *volatile nowhere = (void *)8;
const volatile int minus_one = -1, too_many = 5000;
const struct timespec *volatile for_ever;

/* stdio writes past the hooks, in both libcs: the trace does not disturb what it tells.
 */
void say(const char *format, ...)
{
	int e = errno;
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	errno = e;
}

void step(const char *what, long r, int e)
{
	if (e == UNTOUCHED)
		say("\t%s = %ld", what, r);
	else
		say("\t%s = %ld, errno %d %s", what, r, e, strerror(e));
}

void say_bytes(const void *bytes, long n)
{
	const unsigned char *b = bytes;
	char text[256];
	int used = 0;

	for (long i = 0; i < n && used < 200; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
				 isprint(b[i]) ? "%c" : "\\%02x", b[i]);
	text[used] = 0;
	say("\t\t\"%s\"", text);
}

static void do_nothing(int sig)
{
	(void)sig;
}

pid_t child_begin(void)
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();

	if (child < 0)
		say("\tno child: %s", strerror(errno));
	if (child == 0)
		setrlimit(RLIMIT_CORE, &none);
	return child;
}

void say_status(int status)
{
	if (WIFEXITED(status))
		say("\tended with %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("\tended by signal %d", WTERMSIG(status));
	else
		say("\tended strangely");
}

void child_end(pid_t child)
{
	int status = -1;

	if (child > 0 && waitpid(child, &status, 0) == child)
		say_status(status);
	else
		say("\tno child came back");
}

void alarm_in(int ms)
{
	struct sigaction action = { .sa_handler = do_nothing };
	struct itimerval t = { .it_value = { 0, ms * 1000 } };

	t.it_interval = t.it_value; /* again, should the first come before the wait */
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

void alarm_off(void)
{
	struct itimerval t = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static pthread_t writer;

static void *write_soon(void *fd)
{
	usleep(5000);
	if (write((int)(long)fd, "l", 1) != 1)
		say("\tnot written later");
	return NULL;
}

void write_later(int fd)
{
	if (pthread_create(&writer, NULL, write_soon, (void *)(long)fd))
		say("\tno thread");
}

void written(void)
{
	pthread_join(writer, NULL);
}
