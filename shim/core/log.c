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
#include "core/self.h"
#include "core/sys.h"

static const char *const level_names[] = { "off", "error", "info", "debug" };
static const char *const format_names[] = { "logfmt", "json" };

static enum log_level threshold;
static enum log_format format;
static char paths[2][256];
static _Atomic(const char *) path; /* one of them; NULL: stderr */
static struct stat own_stderr;	   /* as it was at the start */

static bool opened; /* by the environment */

/* --- what is wanted -------------------------------------------------------------- */

void log_begin(void)
{
	sys2(SYS_fstat, STDERR_FILENO, &own_stderr);
}

/* /dev/stderr is a link, and none is followed; what it means is there already. */
static bool is_file(const char *to)
{
	return *to && !text_same(to, "/dev/stderr");
}

void log_follow(enum log_level level, enum log_format as, const char *to)
{
	const char *now = atomic_load(&path);
	char *other = paths[now == paths[0]];
	struct text t = { other, 0, sizeof(paths[0]) };

	if (opened)
		return;
	threshold = level;
	format = as;
	if (!to || !is_file(to)) {
		atomic_store(&path, NULL);
	} else if (!now || !text_same(now, to)) {
		other[0] = 0;
		text_str(&t, to);
		atomic_store(&path, other);
	}
}

/* The word that s begins with, up to its end, ',' or ':'; -1: none of them. */
static int word_of(const char *const *names, int n, const char **s)
{
	for (int i = 0; i < n; i++) {
		const char *rest = text_behind(*s, names[i]);

		if (!rest || (*rest && *rest != ':' && *rest != ','))
			continue;
		*s = rest;
		return i;
	}
	return -1;
}

bool log_open(const char *spec)
{
	struct text t = { paths[0], 0, sizeof(paths[0]) };
	int level, as = LOG_LOGFMT;

	opened = true;
	threshold = LOG_OFF;
	log_begin();
	level = word_of(level_names, LOG_DEBUG + 1, &spec);
	if (level >= 0 && *spec == ',') {
		spec++;
		as = word_of(format_names, LOG_JSON + 1, &spec);
	}
	if (level < 0 || as < 0 || *spec == ',')
		return false;
	paths[0][0] = 0;
	if (*spec)
		text_str(&t, spec + 1);
	atomic_store(&path, is_file(paths[0]) ? paths[0] : NULL);
	if (t.n + 1 >= t.room)
		return false; /* a name cut off is another name */
	threshold = (enum log_level)level;
	format = (enum log_format)as;
	return true;
}

bool log_wants(enum log_level level)
{
	return level <= threshold && level != LOG_OFF;
}

/* --- writing --------------------------------------------------------------------- */

/* A daemon may have closed it, and something of its own has the number now. */
static bool is_own_stderr(void)
{
	struct stat st;

	return !sys2(SYS_fstat, STDERR_FILENO, &st) && st.st_dev == own_stderr.st_dev &&
	       st.st_ino == own_stderr.st_ino;
}

/* Nobody reads at the other end of a pipe: that is our failure, not the program's. */
static void write_to(int fd, const struct text *line)
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

static void write_line(const struct text *line)
{
	const char *to = atomic_load(&path); /* a policy may change it */
	int fd;

	if (!to) {
		if (is_own_stderr())
			write_to(STDERR_FILENO, line);
		return;
	}
	fd = (int)sys4(SYS_openat, AT_FDCWD, to,
		       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
			       O_NONBLOCK | O_NOFOLLOW,
		       0600);
	if (fd < 0)
		return;
	write_to(fd, line);
	sys_close(fd);
}

/* --- text that anybody can read ------------------------------------------------------
 */

#define CLOSING \
	8 /* bytes that the end of a value and of the line may take: ..."}\n \
	   */

/* All of it or nothing; false: there is no room. */
static bool put(struct log_entry *e, const char *bytes, size_t n)
{
	if (e->line.n + n + CLOSING >= e->line.room)
		return false;
	for (size_t i = 0; i < n; i++)
		text_char(&e->line, bytes[i]);
	return true;
}

/* Bytes of the UTF-8 character that s begins with; 0: it is none (RFC 3629). */
static size_t character(const uint8_t *s)
{
	uint8_t first = s[0], least = 0x80, most = 0xbf;
	size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : least;
	most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : most;
	for (size_t i = 1; i < n; i++, least = 0x80, most = 0xbf)
		if (s[i] < least || s[i] > most)
			return 0;
	return n;
}

static bool put_character(struct log_entry *e, const uint8_t *s, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const char escape[] = { '\\', 'u', '0', '0', digits[*s >> 4], digits[*s & 15] };
	const char marked[] = { '\\', (char)*s };

	if (!n)
		return put(e, "\xef\xbf\xbd", 3);
	if (*s < ' ' || *s == 0x7f)
		return put(e, escape, sizeof(escape));
	if (*s == '"' || *s == '\\')
		return put(e, marked, sizeof(marked));
	return put(e, (const char *)s, n);
}

static bool is_bare(const char *s)
{
	for (const char *c = s; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '=')
			return false;
	return *s;
}

/* In quotes as JSON has them, which logfmt's readers understand too. */
static void put_quoted(struct log_entry *e, const char *value)
{
	const uint8_t *s = (const uint8_t *)value;
	size_t n;

	text_char(&e->line, '"');
	for (; *s; s += n ? n : 1) {
		n = character(s);
		if (!put_character(e, s, n)) {
			text_str(&e->line, "...");
			break;
		}
	}
	text_char(&e->line, '"');
}

/* --- an event ------------------------------------------------------------------------
 */

/* The first of a line has nothing before it; false: there is no room for more. */
static bool put_key(struct log_entry *e, const char *key)
{
	size_t n = text_len(key);
	struct text *t = &e->line;

	if (t->n + n + 32 + CLOSING >= t->room)
		return false;
	text_str(t, e->is_json ? (t->n ? ",\"" : "{\"") : (t->n ? " " : ""));
	text_str(t, key);
	text_str(t, e->is_json ? "\":" : "=");
	return true;
}

void log_text(struct log_entry *e, const char *key, const char *value)
{
	if (!put_key(e, key))
		return;
	if (e->is_json || !is_bare(value) || !put(e, value, text_len(value)))
		put_quoted(e, value);
}

void log_number(struct log_entry *e, const char *key, uint64_t value)
{
	if (put_key(e, key))
		text_num(&e->line, value);
}

static void put_two(struct text *t, uint64_t n, char behind)
{
	text_char(t, (char)('0' + n / 10 % 10));
	text_char(t, (char)('0' + n % 10));
	text_char(t, behind);
}

/* RFC 3339.  Years begin in March, so that the leap day is the last of one. */
static void put_time(struct log_entry *e, uint64_t cs)
{
	uint64_t day = cs / 8640000 + 719468, second = cs / 100 % 86400;
	uint64_t era = day / 146097, of_era = day % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
			365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	TEXT(t, 32);

	year += era * 400 + (month >= 10);
	text_num(&t, year);
	text_char(&t, '-');
	put_two(&t, month < 10 ? month + 3 : month - 9, '-');
	put_two(&t, of_year - (153 * month + 2) / 5 + 1, 'T');
	put_two(&t, second / 3600, ':');
	put_two(&t, second / 60 % 60, ':');
	put_two(&t, second % 60, '.');
	put_two(&t, cs % 100, 'Z');
	log_text(e, "time", t.at);
}

static void start(struct log_entry *e, enum log_level level, const char *event)
{
	e->line = (struct text){ e->room, 0, sizeof(e->room) };
	e->is_json = format == LOG_JSON;
	put_time(e, clock_today_cs());
	log_text(e, "level", level_names[level]);
	log_number(e, "pid", (uint64_t)sys1(SYS_getpid, 0));
	log_text(e, "program", self_name());
	log_text(e, "event", event);
}

bool log_start(struct log_entry *e, enum log_level level, const char *event)
{
	if (!log_wants(level))
		return false;
	start(e, level, event);
	return true;
}

void log_end(struct log_entry *e)
{
	text_str(&e->line, e->is_json ? "}\n" : "\n");
	write_line(&e->line);
}

void log_say(enum log_level level, const char *event, const char *sentence)
{
	struct log_entry e;

	if (!log_start(&e, level, event))
		return;
	log_text(&e, "message", sentence);
	log_end(&e);
}

void log_once(atomic_flag *said, enum log_level level, const char *event,
	      const char *sentence)
{
	if (log_wants(level) && !atomic_flag_test_and_set(said))
		log_say(level, event, sentence);
}

static void report_as_json(const struct text *line)
{
	struct log_entry e;

	start(&e, LOG_ERROR, "report");
	log_text(&e, "message", line->at);
	log_end(&e);
}

void log_line(struct text *line)
{
	if (line->n + 1 >= line->room) /* cut: the line's end matters more */
		line->n = line->room - 2;
	line->at[line->n] = '\0';
	if (format == LOG_JSON) {
		report_as_json(line);
		return;
	}
	line->at[line->n++] = '\n';
	write_line(line);
}
