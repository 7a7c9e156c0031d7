/* SPDX-License-Identifier: MIT */
/* screen: what is shown again and again, in place; see screen.h. */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/paint.h"

/*
 * xterm's other screen, without a cursor, and lines that are cut off where it ends; and
 * back: see ctlseqs.
 */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define REST "\033[K" /* of the line */
#define BELOW "\033[J"

struct screen {
	bool is_terminal, has_keys;
	int signals;
	struct termios before;
	sigset_t blocked;
};

/* Signals are read, not caught: whatever is being printed is printed whole. */
static int read_signals(struct screen *s)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGHUP);
	sigaddset(&all, SIGQUIT);
	sigaddset(&all, SIGTSTP);
	sigaddset(&all, SIGWINCH);
	sigprocmask(SIG_BLOCK, &all, &s->blocked);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The keys first: in the background that is a stop, before anything is drawn. */
static void take_terminal(const struct screen *s)
{
	struct termios quiet = s->before;

	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	if (s->is_terminal)
		fputs(ENTER, stdout);
}

static void give_terminal(const struct screen *s)
{
	if (s->is_terminal)
		fputs(LEAVE, stdout);
	fflush(stdout);
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static void enter(struct screen *s)
{
	s->signals = read_signals(s);
	s->is_terminal = paint_is_terminal();
	/* of a background job it would be a stop, not an answer */
	s->has_keys = s->is_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		      !tcgetattr(STDIN_FILENO, &s->before);
	take_terminal(s);
}

static void leave(struct screen *s)
{
	give_terminal(s);
	if (s->signals >= 0)
		close(s->signals);
	sigprocmask(SIG_SETMASK, &s->blocked, NULL);
}

/* Whoever stops us finds his terminal as it was. */
static void stop(const struct screen *s)
{
	sigset_t it;

	sigemptyset(&it);
	sigaddset(&it, SIGTSTP);
	give_terminal(s);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &it, NULL); /* here we stand, until SIGCONT */
	sigprocmask(SIG_BLOCK, &it, NULL);
	take_terminal(s);
}

/* The lines that there is room for, each over the one that was there. */
static void put_in_place(const char *text)
{
	unsigned int lines = paint_height();

	fputs(HOME, stdout);
	while (*text && lines-- > 1) {
		size_t n = strcspn(text, "\n");

		fwrite(text, 1, n, stdout);
		text += n + (text[n] != '\0');
		fputs(REST, stdout);
		putchar('\n');
	}
	fputs(BELOW, stdout);
	fflush(stdout);
}

/* What show() prints goes to memory first, so that the screen is written at once. */
static bool show_once(const struct screen *s, bool (*show)(void *with), void *with)
{
	FILE *real = stdout;
	char *text = NULL;
	size_t n;
	bool more;

	if (!s->is_terminal) {
		more = show(with);
		return !fflush(stdout) && !ferror(stdout) && more;
	}
	stdout = open_memstream(&text, &n);
	if (!stdout) {
		stdout = real;
		return false;
	}
	more = show(with);
	fclose(stdout);
	stdout = real;
	put_in_place(text);
	free(text);
	return !ferror(stdout) && more;
}

/* Until the next time; false: it is over. */
static bool wait_for_more(const struct screen *s, double seconds)
{
	struct pollfd fds[] = { { .fd = s->signals, .events = POLLIN },
				{ .fd = s->has_keys ? STDIN_FILENO : -1,
				  .events = POLLIN } };
	struct signalfd_siginfo info;
	char key;

	if (poll(fds, 2, (int)(seconds * 1000)) < 0)
		return errno == EINTR;
	if (fds[0].revents && read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stop(s);
		return info.ssi_signo == SIGWINCH || info.ssi_signo == SIGTSTP;
	}
	if (fds[1].revents)
		return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 4;
	return true;
}

bool screen_repeat(double seconds, bool (*show)(void *with), void *with)
{
	struct screen s = { 0 };
	bool more;

	enter(&s);
	do {
		more = show_once(&s, show, with);
		if (more && !s.is_terminal)
			putchar('\n');
	} while (more && wait_for_more(&s, seconds));
	leave(&s);
	return more;
}
