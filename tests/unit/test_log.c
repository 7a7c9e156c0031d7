/* SPDX-License-Identifier: MIT */
/* core/log: one event, one line, one write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
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

START_TEST(log_one_line_one_write)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int ear = listen_to_stderr();
	char line[2048], expected[256];
	TEXT(fields, 64);

	ck_assert(log_open("info"));
	text_str(&fields, "dest=192.0.2.1:80 n=");
	text_num(&fields, 3);
	errno = UNTOUCHED;
	log_event(LOG_DEBUG, "hidden", NULL);
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
	errno = UNTOUCHED;
	log_event(LOG_INFO, "connection", &fields);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	snprintf(expected, sizeof(expected),
		 " level=info pid=%d event=connection dest=192.0.2.1:80 n=3\n",
		 getpid());
	ck_assert(!strncmp(line, "time=", 5));
	ck_assert_str_eq(strchr(line, ' '), expected);
	log_event(LOG_ERROR, "bare", NULL);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(strstr(line, " event="), " event=bare\n");
	for (int i = 0; i < 3; i++)
		log_once(&said, LOG_ERROR, "state", "no room, learning alone");
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
	ck_assert_str_eq(strstr(line, " event="),
			 " event=state message=\"no room, learning alone\"\n");
	ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
}
END_TEST

START_TEST(log_cuts)
{
	static char many[4096];
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int ear = listen_to_stderr();
	char line[8192];

	ck_assert(log_open("debug"));
	memset(many, 'x', sizeof(many) - 1);
	for (size_t n = 600; n < 900; n++) {
		struct text fields = { many, n, sizeof(many) };
		ssize_t got;

		many[n] = 0;
		log_event(LOG_DEBUG, "long", &fields);
		got = next_write(ear, line, sizeof(line));
		ck_assert_int_gt(got, 600);
		ck_assert_int_le(got, 768);
		ck_assert_ptr_eq(strchr(line, '\n'), line + got - 1);
		ck_assert_int_lt(next_write(ear, line, sizeof(line)), 0);
		many[n] = 'x';
	}
	log_once(&said, LOG_ERROR, "long", many);
	ck_assert_int_gt(next_write(ear, line, sizeof(line)), 0);
}
END_TEST

/* A report that was asked for, though no events are. */
START_TEST(log_lines)
{
	char line[64], spec[300];
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
	log_event(LOG_ERROR, "one", NULL);
	log_event(LOG_ERROR, "two", NULL);
	ck_assert_int_eq(errno, UNTOUCHED);
	ck_assert_int_le(unit_descriptors(), before + 1); /* the ear */
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_gt(read(fd, line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, "event=one\ntime="));
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(elsewhere, path), 0); /* not followed */
	log_event(LOG_ERROR, "three", NULL);
	ck_assert_int_eq(access(elsewhere, F_OK), -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody reads: no waiting */
	log_event(LOG_ERROR, "four", NULL);
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
	tcase_add_test(c, log_cuts);
	tcase_add_test(c, log_lines);
	tcase_add_test(c, log_to_a_file);
}

int main(void)
{
	return unit_run("log", all);
}
