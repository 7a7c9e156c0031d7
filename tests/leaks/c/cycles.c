/* SPDX-License-Identifier: MIT */
/*
 * cycles N: N connections within the process, of which both ends are opened, used and
 * closed. Prints the microseconds each took, by the clock and of the processor.
 */
#include <sys/resource.h>
#include <time.h>
#include "leak.h"

FRAME static double used_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

FRAME static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

FRAME static void cycle(int listener, const struct sockaddr_in *at)
{
	int near = socket(AF_INET, SOCK_STREAM, 0), far;
	char c;

	connect_to(near, at);
	far = accept(listener, NULL, NULL);
	say(near, "x");
	if (recv(far, &c, 1, 0) != 1)
		err(1, "recv");
	close(near);
	close(far);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000, listener;
	struct sockaddr_in at;
	double wall, cpu;

	listener = listen_here(&at);
	for (int i = 0; i < n / 10; i++)
		cycle(listener, &at);
	wall = now_us();
	cpu = used_us();
	for (int i = 0; i < n; i++)
		cycle(listener, &at);
	printf("%.3f %.3f\n", (now_us() - wall) / n, (used_us() - cpu) / n);
	close(listener);
	return 0;
}
