/* SPDX-License-Identifier: MIT */
/* counts: eventfd, and how much there is to read. */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "frames.h"

static char bytes[64];

FRAGMENT(eventfd_read)
{
	eventfd_t n = 7;
	int fd = eventfd(3, 0);
	struct ends e;

	OWING(eventfd_read(fd, &n));
	say("\tit was %d", (int)n);
	alarm_in(5);
	OWING(eventfd_read(fd, &n));
	alarm_off();
	nonblocking(fd);
	OWING(eventfd_read(fd, &n));
	close(fd);
	OWING(eventfd_read(fd, &n));
	if (!ends_open(KIND_TCP, true, &e) || write(e.far, "12345678", 8) != 8)
		return;
	OWING(eventfd_read(e.near, &n));
	close(e.far);
	OWING(eventfd_read(e.near, &n));
	close(e.near);
}

FRAGMENT(eventfd_write)
{
	int fd = eventfd(0, 0);

	OWING(eventfd_write(fd, (eventfd_t)-2));
	alarm_in(5);
	OWING(eventfd_write(fd, 1));
	alarm_off();
	nonblocking(fd);
	OWING(eventfd_write(fd, 1));
	OWING(eventfd_write(fd, (eventfd_t)-1));
	close(fd);
	OWING(eventfd_write(fd, 1));
}

FRAGMENT(ioctl)
{
	struct ends e;
	int n = -1;

	for (enum kind k = 0; k < KINDS; k++) {
		say("    on %s", kind_name(k));
		if (!ends_open(k, true, &e))
			continue;
		STEP(ioctl(e.near, FIONREAD, &n));
		say("\tto be read: %d", n);
		if (write(e.far, "abc", 3) != 3)
			say("\tfar cannot write");
		await(e.near);
		STEP(ioctl(e.near, FIONREAD, &n));
		say("\tto be read: %d", n);
		STEP(ioctl(e.near, FIONREAD, nowhere));
		n = 1;
		STEP(ioctl(e.near, FIONBIO, &n));
		STEP(ioctl(e.near, TIOCGWINSZ, bytes));
		STEP(fcntl(e.near, F_GETFL) & O_NONBLOCK);
		ends_close(&e);
	}
	STEP(ioctl(-1, FIONREAD, &n));
	STEP(ioctl(-1, FIOCLEX));
}
