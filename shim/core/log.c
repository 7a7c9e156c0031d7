/* SPDX-License-Identifier: MIT */
/* log: one event, one line, one write; see log.h. */
#include "core/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/sys.h"

static const char *const level_names[] = { "off", "error", "info", "debug" };

static enum log_level threshold;
static char paths[2][256];
static _Atomic(const char *) path; /* one of them; NULL: stderr */
static struct stat own_stderr;	   /* as it was at the start */

static bool opened; /* by the environment */

void log_begin(void)
{
	sys2(SYS_fstat, STDERR_FILENO, &own_stderr);
}

void log_follow(enum log_level level, const char *to)
{
	const char *now = atomic_load(&path);
	char *other = paths[now == paths[0]];
	struct text t = { other, 0, sizeof(paths[0]) };

	if (opened)
		return;
	threshold = level;
	if (!to) {
		atomic_store(&path, NULL);
	} else if (!now || !text_same(now, to)) {
		other[0] = 0;
		text_str(&t, to);
		atomic_store(&path, other);
	}
}

bool log_open(const char *spec)
{
	opened = true;
	threshold = LOG_OFF;
	log_begin();
	for (int i = LOG_OFF; i <= LOG_DEBUG; i++) {
		const char *rest = text_behind(spec, level_names[i]);
		struct text t = { paths[0], 0, sizeof(paths[0]) };

		if (!rest || (*rest && *rest != ':'))
			continue;
		paths[0][0] = 0;
		if (*rest)
			text_str(&t, rest + 1);
		atomic_store(&path, t.n ? paths[0] : NULL);
		if (t.n + 1 >= t.room)
			return false; /* a name cut off is another name */
		threshold = (enum log_level)i;
		return true;
	}
	return false;
}

bool log_wants(enum log_level level)
{
	return level <= threshold && level != LOG_OFF;
}

/* A daemon may have closed it, and something of its own has the number now. */
static bool is_own_stderr(void)
{
	struct stat st;

	return !sys2(SYS_fstat, STDERR_FILENO, &st) && st.st_dev == own_stderr.st_dev &&
	       st.st_ino == own_stderr.st_ino;
}

/* Nobody reads at the other end of a pipe: that is our failure, not the program's. */
static void write_line(int fd, const struct text *line)
{
	const uint64_t pipe = UINT64_C(1) << (SIGPIPE - 1);
	const struct timespec now = { 0, 0 };
	uint64_t was = 0, pending = 0;

	sys4(SYS_rt_sigprocmask, SIG_BLOCK, &pipe, &was, sizeof(was));
	sys2(SYS_rt_sigpending, &pending, sizeof(pending));
	if (sys_write(fd, line->at, line->n) == -EPIPE && !(pending & pipe))
		sys4(SYS_rt_sigtimedwait, &pipe, NULL, &now, sizeof(pipe));
	sys4(SYS_rt_sigprocmask, SIG_SETMASK, &was, NULL, sizeof(was));
}

void log_line(struct text *line)
{
	const char *to = atomic_load(&path); /* a policy may change it */
	int fd;

	if (line->n + 1 >= line->room) /* cut: the line's end matters more */
		line->n = line->room - 2;
	line->at[line->n++] = '\n';
	if (!to) {
		if (is_own_stderr())
			write_line(STDERR_FILENO, line);
		return;
	}
	fd = (int)sys4(SYS_openat, AT_FDCWD, to,
		       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
			       O_NONBLOCK | O_NOFOLLOW,
		       0600);
	if (fd < 0)
		return;
	write_line(fd, line);
	sys_close(fd);
}

void log_event(enum log_level level, const char *event, const struct text *fields)
{
	TEXT(line, 768);

	if (!log_wants(level))
		return;
	text_str(&line, "time=");
	text_num(&line, clock_today_s());
	text_str(&line, " level=");
	text_str(&line, level_names[level]);
	text_str(&line, " pid=");
	text_num(&line, (uint64_t)sys1(SYS_getpid, 0));
	text_str(&line, " event=");
	text_str(&line, event);
	if (fields) {
		text_char(&line, ' ');
		text_str(&line, fields->at);
	}
	log_line(&line);
}

void log_once(atomic_flag *said, enum log_level level, const char *event,
	      const char *sentence)
{
	TEXT(fields, 512);

	if (!log_wants(level) || atomic_flag_test_and_set(said))
		return;
	text_str(&fields, "message=\"");
	text_str(&fields, sentence);
	text_char(&fields, '"');
	log_event(level, event, &fields);
}
