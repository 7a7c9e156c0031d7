/* SPDX-License-Identifier: MIT */
/*
 * rate: for each line "N RATE" on stdin, N connections within the process at RATE a
 * second, both ends opened, used and closed; answers with the microseconds of processor
 * time they took.
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

FRAME static int client_opens(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect_to(fd, at);
	return fd;
}

FRAME static int server_accepts(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		err(1, "accept");
	return fd;
}

FRAME static void hear(int fd)
{
	char word[16];

	if (recv(fd, word, sizeof(word), 0) <= 0)
		err(1, "recv");
}

FRAME static void one(int listener, const struct sockaddr_in *at)
{
	int near = client_opens(at), far = server_accepts(listener);

	say(near, "question");
	hear(far);
	say(far, "answer");
	hear(near);
	close(near);
	close(far);
}

FRAME static void at_its_time(struct timespec *next, long gap_ns)
{
	next->tv_nsec += gap_ns;
	while (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

int main(void)
{
	struct sockaddr_in at;
	struct timespec next;
	int listener = listen_here(&at), n, rate;

	while (scanf("%d %d", &n, &rate) == 2) {
		double before = used_us();

		clock_gettime(CLOCK_MONOTONIC, &next);
		for (int i = 0; i < n; i++) {
			at_its_time(&next, 1000000000 / rate);
			one(listener, &at);
		}
		printf("%.1f\n", used_us() - before);
		fflush(stdout);
	}
	close(listener);
	return 0;
}
