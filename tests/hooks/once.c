/* SPDX-License-Identifier: MIT */
/* once: initializers that one thread runs, and others wait for. */
#include <dlfcn.h>
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

#include "frames.h"

typedef int onces(void *control, void (*f)(void));

static int by_pthread_once(void *control, void (*f)(void))
{
	return pthread_once(control, f);
}

static int by_pthread_once_too(void *control, void (*f)(void))
{
	return ((onces *)dlsym(RTLD_DEFAULT, "__pthread_once"))(control, f);
}

static int by_call_once(void *control, void (*f)(void))
{
	call_once(control, f);
	return 0;
}

static int runs, begun[2];
static onces *once_now;
static void *control_now;

static void slowly(void)
{
	runs++;
	if (write(begun[1], "b", 1) != 1)
		say("\tnobody is told");
	usleep(10000);
}

static void *first(void *unused)
{
	once_now(control_now, slowly);
	return unused;
}

static void initializes(onces *once, void *control)
{
	pthread_t thread;
	char c;

	runs = 0;
	once_now = once;
	control_now = control;
	if (pipe(begun) || pthread_create(&thread, NULL, first, NULL))
		return;
	if (read(begun[0], &c, 1) != 1)
		say("\tit has not begun");
	OWING(once(control, slowly)); /* while the other runs it */
	pthread_join(thread, NULL);
	OWING(once(control, slowly));
	say("\tran %d times", runs);
	close(begun[0]);
	close(begun[1]);
}

FRAGMENT(pthread_once)
{
	pthread_once_t control = PTHREAD_ONCE_INIT;

	initializes(by_pthread_once, &control);
}

FRAGMENT(__pthread_once)
{
	pthread_once_t control = PTHREAD_ONCE_INIT;

	initializes(by_pthread_once_too, &control);
}

FRAGMENT(call_once)
{
	once_flag control = ONCE_FLAG_INIT;

	initializes(by_call_once, &control);
}
