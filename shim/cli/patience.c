/* SPDX-License-Identifier: MIT */
/* patience: waits that have an end; see patience.h. */
#include "cli/patience.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "core/clock.h"

static volatile sig_atomic_t over;
static sigset_t awake; /* the mask while it waits */

static void end(int number)
{
	(void)number;
	over = 1;
}

void patience_begin(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction once = { .sa_handler = end,
					.sa_flags = (int)SA_RESETHAND };
	struct sigaction was;
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		/* nohup(1) has its reasons */
		if (sigaction(numbers[i], NULL, &was) || was.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &once, NULL);
		sigaddset(&held, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &held, &awake);
}

bool patience_is_over(void)
{
	return over;
}

short patience_wait(int fd, short events, uint64_t until_us)
{
	struct pollfd one = { .fd = fd, .events = events };

	while (!over) {
		uint64_t now = clock_now_us();
		uint64_t left = until_us > now ? until_us - now : 0;
		const struct timespec at_most = {
			.tv_sec = (time_t)(left / 1000000),
			.tv_nsec = (long)(left % 1000000) * 1000,
		};
		int got = ppoll(&one, 1, &at_most, &awake);

		if (got >= 0)
			return got ? one.revents : 0;
		if (errno != EINTR)
			return POLLERR;
	}
	return 0;
}

void patience_sleep(uint64_t until_us)
{
	patience_wait(-1, 0, until_us);
}
