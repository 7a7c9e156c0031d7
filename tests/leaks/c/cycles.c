/* SPDX-License-Identifier: MIT */
/*
 * cycles N [WORK]: N connections within the process, of which both ends are opened,
 * used and closed; with WORK, that many numbers are sorted in between. Prints the
 * microseconds each took, by the clock and of the processor.
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

FRAME static int by_size(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1
						 : *(const int *)a > *(const int *)b;
}

/* work: what a program does by itself, without the kernel */
FRAME static void work(int n)
{
	static int numbers[4096];
	unsigned int dice = 1;

	for (int i = 0; i < n; i++)
		numbers[i] = (int)((dice = dice * 1103515245 + 12345) >> 16);
	qsort(numbers, (size_t)n, sizeof(numbers[0]), by_size);
}

FRAME static void cycle(int listener, const struct sockaddr_in *at, int numbers)
{
	int near = socket(AF_INET, SOCK_STREAM, 0), far;
	char c;

	connect_to(near, at);
	far = accept(listener, NULL, NULL);
	say(near, "x");
	if (recv(far, &c, 1, 0) != 1)
		err(1, "recv");
	work(numbers);
	close(near);
	close(far);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000, listener;
	int numbers = argc > 2 ? atoi(argv[2]) % 4096 : 0;
	struct sockaddr_in at;
	double wall, cpu;

	listener = listen_here(&at);
	for (int i = 0; i < n / 10; i++)
		cycle(listener, &at, numbers);
	wall = now_us();
	cpu = used_us();
	for (int i = 0; i < n; i++)
		cycle(listener, &at, numbers);
	printf("%.3f %.3f\n", (now_us() - wall) / n, (used_us() - cpu) / n);
	close(listener);
	return 0;
}
