/* SPDX-License-Identifier: MIT */
/* core/log: one event, one line, one write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/self.h"
#include "unit.h"

/* stderr becomes a socket that keeps the writes apart; returns its other end. */
static int listen_to_stderr(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert_int_eq(dup2(ends[0], STDERR_FILENO), STDERR_FILENO);
	close(ends[0]);
	return ends[1];
}

static ssize_t next_write(int ear, char *line, size_t room_for)
{
	ssize_t n = recv(ear, line, room_for - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = 0;
	return n;
}

START_TEST(log_specs)
{
	static const struct {
		const char *spec;
		int level;
	} rows[] = {
		{ "off", LOG_OFF },
		{ "error", LOG_ERROR },
		{ "info", LOG_INFO },
		{ "debug", LOG_DEBUG },
		{ "info:", LOG_INFO },
		{ "off:/x", LOG_OFF },
		{ "", -1 },
		{ "infos", -1 },
		{ "Info", -1 },
		{ " info", -1 },
		{ "info ", -1 },
		{ ":/x", -1 },
		{ "2", -1 },
		{ "inf", -1 },
		{ "info,json", LOG_INFO },
		{ "debug,logfmt:/x", LOG_DEBUG },
		{ "info,json:", LOG_INFO },
		{ "info,", -1 },
		{ "info,jso", -1 },
		{ "info,json,json", -1 },
		{ "info:,json", LOG_INFO }, /* a file of that name */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int level = rows[i].level < 0 ? LOG_OFF : rows[i].level;

		log_open("debug"); /* what cannot be read turns it off again */
		ck_assert_msg(log_open(rows[i].spec) == (rows[i].level >= 0), "%s",
			      rows[i].spec);
		for (int l = LOG_ERROR; l <= LOG_DEBUG; l++)
			ck_assert_msg(log_wants((enum log_level)l) == (l <= level),
				      "'%s', level %d", rows[i].spec, l);
		ck_assert(!log_wants(LOG_OFF));
	}
}
END_TEST

/* What follows the time, which is checked. */
static const char *behind_time(const char *line, const char *before, char end)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddZ";
	const char *at = line + strlen(before);

	ck_assert(!strncmp(line, before, strlen(before)));
	for (const char *f = form; *f; f++, at++)
		ck_assert_msg(*f == 'd' ? *at >= '0' && *at <= '9' : *at == *f, "%s",
			      line);
	ck_assert_int_eq(*at, end);
	return at;
}

START_TEST(log_one_line_one_write)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int ear = listen_to_stderr();
	char line[2048], expected[256];
	struct log_entry e;

	self_find();
	ck_assert(log_open("info"));
	errno = UNTOUCHED;
	ck_assert(!log_start(&e, LOG_DEBUG, "hidden"));
	log_say(LOG_DEBUG, "hidden", "too");
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	errno = UNTOUCHED;
	ck_assert(log_start(&e, LOG_INFO, "connection"));
	log_text(&e, "dest", "192.0.2.1:80");
	log_number(&e, "n", 3);
	log_end(&e);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	snprintf(expected, sizeof(expected),
		 " level=info pid=%d program=%s event=connection dest=192.0.2.1:80 "
		 "n=3\n",
		 getpid(), self_name());
	ck_assert_str_eq(behind_time(line, "time=", ' '), expected);
	for (int i = 0; i < 3; i++)
		log_once(&said, LOG_ERROR, "state", "no room, learning alone");
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(strstr(line, " event="),
			 " event=state message=\"no room, learning alone\"\n");
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	ck_assert(log_open("info,json"));
	ck_assert(log_start(&e, LOG_INFO, "connection"));
	log_text(&e, "dest", "192.0.2.1:80");
	log_number(&e, "n", UINT64_MAX);
	log_end(&e);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	snprintf(expected, sizeof(expected),
		 "\",\"level\":\"info\",\"pid\":%d,\"program\":\"%s\",\"event\":"
		 "\"connection\",\"dest\":\"192.0.2.1:80\",\"n\":18446744073709551615}"
		 "\n",
		 getpid(), self_name());
	ck_assert_str_eq(behind_time(line, "{\"time\":\"", '"'), expected);
}
END_TEST

/* Of the same second; leap days and ends of years among them. */
START_TEST(log_tells_the_time)
{
	int ear = listen_to_stderr();
	char line[512], wanted[64];
	time_t before = time(NULL), after;
	struct tm tm;

	ck_assert(log_open("info"));
	log_say(LOG_INFO, "now", "");
	after = time(NULL);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	for (time_t t = before; t <= after; t++) {
		gmtime_r(&t, &tm);
		strftime(wanted, sizeof(wanted), "time=%Y-%m-%dT%H:%M:%S.", &tm);
		if (!strncmp(line, wanted, strlen(wanted)))
			return;
	}
	ck_abort_msg("%s", line);
}
END_TEST

/* It is a link, which no file of ours may be. */
START_TEST(log_knows_stderr_by_its_name)
{
	int ear = listen_to_stderr();
	char line[512];

	ck_assert(log_open("info:/dev/stderr"));
	log_say(LOG_INFO, "now", "");
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
}
END_TEST

START_TEST(log_quotes)
{
	static const struct {
		const char *value, *logfmt, *json;
	} rows[] = {
		{ "plain", "plain", "\"plain\"" },
		{ "", "\"\"", "\"\"" },
		{ "a b", "\"a b\"", "\"a b\"" },
		{ "a=b", "\"a=b\"", "\"a=b\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"" },
		{ "a\nb\x01\x7f", "\"a\\u000ab\\u0001\\u007f\"",
		  "\"a\\u000ab\\u0001\\u007f\"" },
		{ "f\xc3\xbcr", "\"f\xc3\xbcr\"", "\"f\xc3\xbcr\"" },
		{ "\xff", "\"\xef\xbf\xbd\"", "\"\xef\xbf\xbd\"" },
		{ "a\xc3", "\"a\xef\xbf\xbd\"", "\"a\xef\xbf\xbd\"" },
		/* overlong, a surrogate, beyond the last one */
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"" },
		{ "\xf4\x90\x80\x80",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	int ear = listen_to_stderr();
	char line[2048], wanted[256];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert(log_open("info"));
		log_say(LOG_INFO, "x", rows[i].value);
		ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
		snprintf(wanted, sizeof(wanted), " message=%s\n", rows[i].logfmt);
		ck_assert_str_eq(strstr(line, " message="), wanted);
		ck_assert(log_open("info,json"));
		log_say(LOG_INFO, "x", rows[i].value);
		ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
		snprintf(wanted, sizeof(wanted), ",\"message\":%s}\n", rows[i].json);
		ck_assert_str_eq(strstr(line, ",\"message\""), wanted);
	}
}
END_TEST

/* What is too long is cut where a reader can still go on. */
START_TEST(log_cuts)
{
	static char many[4096];
	static const char *const units[] = { "x", "\n", "\xe2\x82\xac", "\"" };
	int ear = listen_to_stderr();
	char line[8192];

	for (size_t u = 0; u < COUNT(units); u++) {
		size_t n = 0;
		ssize_t got;

		for (; n + strlen(units[u]) < 1500; n += strlen(units[u]))
			strcpy(many + n, units[u]);
		for (size_t skip = 0; skip < 8; skip++) {
			struct log_entry e;

			memset(line, 0, sizeof(line));
			ck_assert(log_open(skip % 2 ? "info" : "info,json"));
			ck_assert(log_start(&e, LOG_INFO, "long"));
			log_text(&e, "shift", &"xxxxxxxx"[skip]);
			log_text(&e, "much", many);
			log_text(&e, "none", "left");
			log_number(&e, "nor", 1);
			log_end(&e);
			got = next_write(ear, line, sizeof(line));
			ck_assert_int_gt(got, 1000);
			ck_assert_int_lt(got, 1024);
			ck_assert_str_eq(line + got - (skip % 2 ? 5 : 6),
					 skip % 2 ? "...\"\n" : "...\"}\n");
			ck_assert_ptr_eq(strchr(line, '\n'), line + got - 1);
			ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
		}
	}
}
END_TEST

/* A report that was asked for, though no events are. */
START_TEST(log_lines)
{
	char line[64], spec[300], whole[512];
	const char *path = unit_path("lines");
	int ear = listen_to_stderr(), fd;
	TEXT(t, 8);

	log_begin();
	ck_assert(log_open("off"));
	text_str(&t, "abc");
	log_line(&t);
	ck_assert_int_eq(next_write(ear, line, sizeof(line)), 4);
	ck_assert_str_eq(line, "abc\n");
	t.n = 0;
	text_str(&t, "longer than the room");
	log_line(&t);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(line, "longer\n");
	snprintf(spec, sizeof(spec), "off:%s", path);
	ck_assert(log_open(spec));
	t.n = 0;
	text_str(&t, "there");
	log_line(&t);
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, line, sizeof(line)), 6);
	close(fd);
	log_open("off,json");
	t.n = 0;
	text_str(&t, "a \"b\"");
	log_line(&t);
	ck_assert_int_gt(next_write(ear, whole, sizeof(whole)), 0);
	ck_assert_str_eq(strstr(whole, "\"event\""),
			 "\"event\":\"report\",\"message\":\"a \\\"b\\\"\"}\n");
}
END_TEST

START_TEST(log_to_a_file)
{
	char spec[300], line[512], longer[400];
	const char *path = unit_path("log"), *elsewhere = unit_path("elsewhere");
	int before = unit_descriptors(), fd, ear = listen_to_stderr();
	struct stat st;

	snprintf(spec, sizeof(spec), "error:%s", path);
	ck_assert(log_open(spec));
	errno = UNTOUCHED;
	log_say(LOG_ERROR, "one", "here");
	log_say(LOG_ERROR, "two", "here");
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_le(unit_descriptors(), before + 1); /* the ear */
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_gt(read(fd, line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, "event=one message=here\ntime="));
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(elsewhere, path), 0); /* not followed */
	log_say(LOG_ERROR, "three", "");
	ck_assert_int_eq(access(elsewhere, F_OK), -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody reads: no waiting */
	log_say(LOG_ERROR, "four", "");
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	memset(longer, 'x', sizeof(longer) - 1); /* a name cut off is another name */
	longer[sizeof(longer) - 1] = 0;
	memcpy(longer, "error:/", 7);
	ck_assert(!log_open(longer));
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, log_specs);
	tcase_add_test(c, log_one_line_one_write);
	tcase_add_test(c, log_tells_the_time);
	tcase_add_test(c, log_knows_stderr_by_its_name);
	tcase_add_test(c, log_quotes);
	tcase_add_test(c, log_cuts);
	tcase_add_test(c, log_lines);
	tcase_add_test(c, log_to_a_file);
}

int main(void)
{
	return unit_run("log", all);
}
