/* SPDX-License-Identifier: MIT */
/*
 * storm restart|interrupt|stop|native BYTES HOST PORT: one request by a blocking client
 * under a storm of signals, that handles EINTR and short counts as manuals tell.
 *   restart    a timer's signals, SA_RESTART     interrupt    the same without
 *   stop       a parent that stops and continues it all the time
 *   native     as interrupt, but by a blocking Fast Open send of its own
 * First an undisturbed request ("prime"), then the one with BYTES bytes.  Prints the
 * answer.
 */
#include "peer.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#define EVERY_US 3000

static void nothing(int number)
{
	(void)number;
}

static void rain(int flags)
{
	struct sigaction how = { .sa_handler = nothing, .sa_flags = flags };
	struct itimerval every = { { 0, EVERY_US }, { 0, EVERY_US } };

	sigaction(SIGALRM, &how, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* After EINTR connect() goes on by itself (connect(2)). */
static void dial_through(int fd, const struct place *to)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	if (!dial(fd, to))
		return;
	if (errno != EINTR)
		fail("connect");
	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			fail("poll");
	if ((errno = error_of(fd)))
		fail("connect");
}

static int request(const struct place *to, size_t n, int flags, int native)
{
	int fd = new_socket(to, 0);
	char *bytes = malloc(n), reply[64];
	ssize_t k;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + i % 26);
	if (flags >= 0)
		rain(flags);
	if (native) {
		while ((k = sendto(fd, bytes, n, MSG_FASTOPEN,
				   (struct sockaddr *)&to->at, to->len)) < 0)
			if (errno != EINTR)
				fail("sendto");
		n -= (size_t)k;
	} else {
		dial_through(fd, to);
	}
	send_all(fd, bytes, n);
	shutdown(fd, SHUT_WR);
	while ((k = recv(fd, reply, sizeof(reply), 0)) != 0) {
		if (k > 0)
			printf("%.*s", (int)k, reply);
		else if (errno != EINTR)
			fail("recv");
	}
	printf("\n");
	close(fd);
	return 0;
}

static int stop_and_go(pid_t child)
{
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		kill(child, SIGSTOP);
		usleep(EVERY_US);
		kill(child, SIGCONT);
		usleep(EVERY_US);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

int main(int argc, char **argv)
{
	struct place to = place_of(argv[argc - 2], argv[argc - 1]);
	size_t n = (size_t)atol(argv[2]);
	int primed[2];
	pid_t child = -1;
	char c;

	if (strcmp(argv[1], "stop")) {
		ask(&to, "prime");
		return request(&to, n, strcmp(argv[1], "restart") ? 0 : SA_RESTART,
			       !strcmp(argv[1], "native"));
	}
	if (pipe(primed) || (child = fork()) < 0)
		fail("fork");
	if (child) {
		close(primed[1]);
		if (read(primed[0], &c, 1) != 1)
			return 3;
		return stop_and_go(child);
	}
	ask(&to, "prime");
	if (write(primed[1], "", 1) != 1)
		return 3;
	return request(&to, n, -1, 0);
}
