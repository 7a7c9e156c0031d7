/* SPDX-License-Identifier: MIT */
/*
 * A signal handler that reports over UDP, and thinks the report is all there is to it.
 *
 * leaky: 3 socket - by report_signal from on_alarm
 */
#include "leak.h"

static struct sockaddr_in at;

FRAME static void report_signal(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0); /* LEAK */

	sendto(fd, "alarm", 5, 0, (const struct sockaddr *)&at, sizeof(at));
	if (!leaky)
		close(fd);
}

FRAME static void on_alarm(int number)
{
	int was = errno;

	(void)number;
	report_signal();
	errno = was;
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	at = nobody_there();
	signal(SIGALRM, on_alarm);
	for (int i = 0; i < 3; i++)
		raise(SIGALRM);
	ready();
	return 0;
}
