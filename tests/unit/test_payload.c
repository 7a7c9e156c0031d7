/* SPDX-License-Identifier: MIT */
/*
 * test_payload: what may ride in a SYN, by each rule: every protocol, every word that
 * commits, every place where a message can be cut.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define PAGE 4096

enum verdict { SAFE, UNKNOWN, UNSAFE }; /* rides by idempotent, by auto, by any only */

static uint64_t dice_state = 0x243f6a8885a308d3u; /* the same numbers in every run */

static uint64_t dice(void)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state * 0x2545f4914f6cdd1du;
}

/* The end of a page with none behind it. */
static char *page_end(void)
{
	static char *at;

	if (!at) {
		at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(at, MAP_FAILED);
		ck_assert_int_eq(munmap(at + PAGE, PAGE), 0);
	}
	return at + PAGE;
}

/* Asked by every rule, of bytes that end where memory does: any, auto, idempotent and
 * none let ride ever less. */
static enum verdict verdict_of(const void *bytes, size_t n)
{
	void *at = page_end() - n;
	bool automatic, idempotent;

	memcpy(at, bytes, n);
	automatic = payload_may_ride(PAYLOAD_AUTO, at, n);
	idempotent = payload_may_ride(PAYLOAD_IDEMPOTENT, at, n);
	ck_assert(payload_may_ride(PAYLOAD_ANY, at, n));
	ck_assert(!payload_may_ride(PAYLOAD_NONE, at, n));
	ck_assert(automatic || !idempotent);
	ck_assert(memcmp(at, bytes, n) == 0);
	return idempotent ? SAFE : automatic ? UNKNOWN : UNSAFE;
}

static enum verdict of_text(const char *text)
{
	return verdict_of(text, strlen(text));
}

/* --- messages ------------------------------------------------------------------ */

struct message {
	uint8_t bytes[PAYLOAD_BYTES + 600];
	size_t n;
};

static void add(struct message *m, const void *bytes, size_t n)
{
	ck_assert(m->n + n <= sizeof(m->bytes));
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
}

static void add_text(struct message *m, const char *text)
{
	add(m, text, strlen(text));
}

/* A number in so many bytes, the highest first. */
static void add_number(struct message *m, size_t width, size_t value)
{
	while (width--) {
		uint8_t byte = (uint8_t)(value >> 8 * width);

		add(m, &byte, 1);
	}
}

static void set_number(struct message *m, size_t at, size_t width, size_t value)
{
	size_t n = m->n;

	m->n = at;
	add_number(m, width, value);
	m->n = n;
}

static void add_zeros(struct message *m, size_t n)
{
	while (n--)
		add_number(m, 1, 0);
}

struct extension {
	size_t type, n;
};

/* RFC 8446, section 4.1.2; without extensions where there are none. */
static struct message client_hello(const struct extension *list, size_t count)
{
	struct message m = { .n = 0 };
	size_t from;

	add(&m, "\x16\x03\x01\0\0\1\0\0\0\3\3", 11);
	add_zeros(&m, 32);
	add_number(&m, 1, 32);
	add_zeros(&m, 32);
	add_number(&m, 2, 6);
	add(&m, "\x13\1\x13\2\x13\3", 6);
	add(&m, "\1\0", 2);
	from = m.n;
	if (count)
		add_number(&m, 2, 0);
	for (size_t i = 0; i < count; i++) {
		add_number(&m, 2, list[i].type);
		add_number(&m, 2, list[i].n);
		add_zeros(&m, list[i].n);
	}
	if (count)
		set_number(&m, from, 2, m.n - from - 2);
	set_number(&m, 3, 2, m.n - 5);
	set_number(&m, 6, 3, m.n - 9);
	return m;
}

#define EARLY_DATA 42
static const struct extension usual[] = { { 0, 16 }, { 23, 0 },	 { 10, 8 },
					  { 43, 5 }, { 13, 18 }, { 51, 38 } };

static struct message usual_hello(void)
{
	return client_hello(usual, COUNT(usual));
}

/* One DNS message: example.org, with records that are not there but are counted. */
static void add_dns(struct message *m, size_t code, size_t authority, size_t beside)
{
	size_t from = m->n;

	add_number(m, 2, 0);
	add_number(m, 2, 0x1234);
	add_number(m, 2, code << 11 | 0x100);
	add_number(m, 2, 1);
	add_number(m, 2, 0);
	add_number(m, 2, authority);
	add_number(m, 2, beside);
	add(m, "\7example\3org\0\0\6\0\1", 17);
	add_zeros(m, 11 * (authority + beside));
	set_number(m, from, 2, m->n - from - 2);
}

static struct message dns(size_t code, size_t authority, size_t beside)
{
	struct message m = { .n = 0 };

	add_dns(&m, code, authority, beside);
	return m;
}

static void add_frame(struct message *m, uint8_t type, uint8_t flags, const char *bytes,
		      size_t n)
{
	add_number(m, 3, n);
	add_number(m, 1, type);
	add_number(m, 1, flags);
	add_number(m, 4, type == 1 ? 1 : 0);
	add(m, bytes, n);
}

static struct message http2(void)
{
	struct message m = { .n = 0 };

	add_text(&m, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	add_frame(&m, 4, 0, "\0\3\0\0\0\x64", 6);
	add_frame(&m, 8, 0, "\x7f\0\0\0", 4);
	return m;
}

/* A server's question to what stands behind it, by four protocols. */
enum gateway { FASTCGI, UWSGI, SCGI };

static void add_variable(struct message *m, enum gateway by, const char *name,
			 const char *value)
{
	size_t a = strlen(name), b = strlen(value);

	if (by == FASTCGI) {
		add_number(m, 1, a);
		add_number(m, b < 128 ? 1 : 4, b < 128 ? b : b | 0x80000000u);
	} else if (by == UWSGI) {
		add_number(m, 2, a << 8);
	}
	add(m, name, by == SCGI ? a + 1 : a);
	if (by == UWSGI)
		add_number(m, 2, (b & 0xff) << 8 | b >> 8);
	add(m, value, by == SCGI ? b + 1 : b);
}

static struct message asked_by(enum gateway by, const char *method)
{
	/* what a client wrote is no method */
	static const char query[] = "x=REQUEST_METHOD\3GETREQUEST_METHOD\3\0GET";
	struct message m = { .n = 0 };
	char length[16];

	if (by == FASTCGI)
		add(&m, "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0", 24);
	if (by == UWSGI)
		add_zeros(&m, 4);
	add_variable(&m, by, by == SCGI ? "CONTENT_LENGTH" : "QUERY_STRING",
		     by == SCGI ? "0" : query);
	add_variable(
		&m, by, "HTTP_COOKIE",
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123");
	if (method)
		add_variable(&m, by, "REQUEST_METHOD", method);
	if (by == FASTCGI)
		set_number(&m, 20, 2, m.n - 24);
	if (by == UWSGI)
		set_number(&m, 1, 2, ((m.n - 4) & 0xff) << 8 | (m.n - 4) >> 8);
	if (by == SCGI) {
		struct message all = { .n = 0 };

		snprintf(length, sizeof(length), "%zu:", m.n);
		add_text(&all, length);
		add(&all, m.bytes, m.n);
		add_text(&all, ",");
		return all;
	}
	return m;
}

static enum verdict of(struct message m)
{
	return verdict_of(m.bytes, m.n < PAYLOAD_BYTES ? m.n : PAYLOAD_BYTES);
}

/* --- words ---------------------------------------------------------------------- */

/* By protocol, as its document has them. */
static const char *const committing[] = {
	/* HTTP */
	"POST", "PUT", "PATCH", "DELETE", "CONNECT", "LINK", "UNLINK", "PURGE", "BAN",
	/* WebDAV */
	"PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL",
	"VERSION-CONTROL", "CHECKOUT", "CHECKIN", "UNCHECKOUT", "MKWORKSPACE", "UPDATE",
	"LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY", "ORDERPATCH",
	"MKREDIRECTREF", "UPDATEREDIRECTREF", "MKCALENDAR", "BIND", "UNBIND", "REBIND",
	/* SIP */
	"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "PRACK", "MESSAGE", "REFER",
	"PUBLISH", "INFO", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY",
	/* RTSP */
	"SETUP", "PLAY", "RECORD", "ANNOUNCE", "PAUSE", "TEARDOWN", "SET_PARAMETER",
	"REDIRECT", "PLAY_NOTIFY",
	/* mail, news, files, chat */
	"MAIL", "RCPT", "DATA", "BDAT", "BURL", "ETRN", "TURN", "SEND", "SOML", "SAML",
	"DELE", "STOR", "STOU", "APPE", "RNFR", "RNTO", "RMD", "MKD", "SITE", "IHAVE",
	"TAKETHIS", "PUTSCRIPT", "DELETESCRIPT", "SETACTIVE", "RENAMESCRIPT", "PRIVMSG",
	"NOTICE",
	/* caches, queues */
	"SET", "ADD", "REPLACE", "APPEND", "PREPEND", "CAS", "INCR", "DECR",
	"FLUSH_ALL", "MS", "MD", "MA", "RESERVE", "RESERVE-WITH-TIMEOUT", "RESERVE-JOB",
	"RELEASE", "BURY", "KICK", "KICK-JOB", "PAUSE-TUBE", "PUB", "NACK", "BEGIN",
	"COMMIT", "ABORT",
	/* Redis */
	"SETEX", "SETNX", "MSET", "DEL", "INCRBY", "DECRBY", "EXPIRE", "PERSIST",
	"RENAME", "LPUSH", "RPUSH", "LPOP", "RPOP", "LREM", "LSET", "LTRIM", "SADD",
	"SREM", "SPOP", "ZADD", "ZREM", "ZINCRBY", "EVAL", "EVALSHA", "FLUSHALL",
	"FLUSHDB"
};

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* At the beginning, behind another line, behind a whole request. */
static void is_held_back(const char *bytes, size_t n)
{
	static const char *const before[] = { "",
					      "\r\n",
					      "EHLO me\r\n",
					      "ping\n",
					      GET,
					      GET "\r\n" GET,
					      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
					      "STOMP\nhost:a\n\n" };

	for (size_t i = 0; i < COUNT(before); i++) {
		struct message m = { .n = 0 };

		add_text(&m, before[i]);
		add(&m, bytes, n);
		ck_assert_msg(of(m) == UNSAFE, "'%.*s' behind '%s'", (int)n, bytes,
			      before[i]);
	}
}

START_TEST(a_word_that_commits)
{
	const char *word = committing[_i];
	size_t n = strlen(word);
	char text[64], small[64];

	snprintf(text, sizeof(text), "%s /a b\r\nc: d\r\n\r\n", word);
	for (size_t cut = 1; cut <= strlen(text); cut++) {
		for (size_t i = 0; i < sizeof(text); i++)
			small[i] = text[i] >= 'A' && text[i] <= 'Z'
					   ? (char)(text[i] - 'A' + 'a')
					   : text[i];
		is_held_back(text, cut);
		is_held_back(small, cut);
	}
	for (const char *end = " \t\r\n"; *end; end++) {
		snprintf(text, sizeof(text), "%s%c", word, *end);
		is_held_back(text, n + 1);
	}
}
END_TEST

/* Only the whole word, only where a line begins. */
START_TEST(what_only_looks_like_it)
{
	static const struct {
		const char *before, *after;
	} forms[] = {
		{ "", "X /" }, { "", "_x" },	    { "", "/x" },  { " ", " /" },
		{ "x", " /" }, { "say ", " this" }, { "", ": a" }, { "x\t", " " }
	};

	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s", forms[i].before, committing[_i],
			 forms[i].after);
		ck_assert_msg(of_text(text) == UNKNOWN, "%s", text);
	}
}
END_TEST

/* --- vectors --------------------------------------------------------------------- */

#define T(verdict, s) \
	{ \
		verdict, s, sizeof(s) - 1 \
	}

static const struct {
	enum verdict verdict;
	const char *bytes;
	size_t n;
} vectors[] = {
	T(SAFE, ""),
	T(UNKNOWN, "ping"),
	T(UNKNOWN, "\0\0\0\0"),
	T(UNKNOWN, "\xff\xfe"),
	T(UNKNOWN, "\r\n"),
	/* HTTP: whole, cut, several */
	T(SAFE, GET),
	T(SAFE, GET GET GET),
	T(SAFE, "\r\n" GET),
	T(SAFE, "GET / HTTP/1.0\n\n"),
	T(SAFE, "GET / HTTP/1.1\r\nHost: a\r\nPut: 1\r\nX: POST / HTTP/1.1\r\n\r\n"),
	T(SAFE, "GET "),
	T(SAFE, "GET /a"),
	T(SAFE, "GET / HTTP/1.1\r\nHo"),
	T(SAFE, "GET / HTTP/1.1\r\nPOST "),
	T(SAFE, GET "GET /b HTTP/1.1\r\nCo"),
	T(SAFE, "HEAD / HTTP/1.1\r\n\r\n"),
	T(SAFE, "OPTIONS * HTTP/1.1\r\n\r\n"),
	T(SAFE, "TRACE / HTTP/1.1\r\n\r\n"),
	T(SAFE, "PROPFIND / HTTP/1.1\r\n\r\n"),
	T(SAFE, "GET http://a/ HTTP/1.1\r\n\r\n"),
	T(SAFE, "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
	T(UNKNOWN, "G"),
	T(UNKNOWN, "GE"),
	T(UNKNOWN, "GET"),
	T(UNSAFE, "get / HTTP/1.1\r\n\r\n"),
	T(UNKNOWN, "GET /\r\n"),
	T(UNKNOWN, GET "ping"),
	T(UNKNOWN, GET "G"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\nping"),
	T(UNKNOWN, "GET / HTTP/1.1\r\ncontent-length : 0\r\n\r\n"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nContent-Length: 01\r\n\r\n"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n"),
	T(UNKNOWN, "GET / HTTP/1.1\r\nContent-Length\r\n\r\n"),
	T(UNKNOWN, "RESERVE-WITH-TIMEOUTABCD"),
	T(UNKNOWN, "RESERVE-WITH-TIMEOUTABCDE x"),
	T(UNKNOWN, "HTTP/1.1 200 OK\r\n\r\n"),
	T(UNSAFE, "POST /pay HTTP/1.1\r\nHost: a\r\n\r\n"),
	T(UNSAFE, "FROBNICATE / HTTP/1.1\r\n\r\n"),
	T(UNSAFE, GET "POST / HTTP/1.1\r\n\r\n"),
	T(UNSAFE, GET GET "PO"),
	T(UNSAFE,
	  "GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\nping\r\nPUT /x HTTP/1.1\r\n"),
	T(UNSAFE, "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\nDELETE /x HTTP/1.1\r\n"),
	T(UNSAFE, "GET / HTTP/1.1\n\nDELETE /x HTTP/1.1\n\n"),
	/* HTTP/2 */
	T(UNSAFE, "PRI"), /* PRIVMSG */
	T(UNKNOWN, "PRI *"),
	T(UNKNOWN, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"),
	T(SAFE, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	T(UNSAFE, "PRI * HTTP/2.0\r\n\r\nXX"),
	/* what a proxy says before */
	T(SAFE, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" GET),
	T(UNSAFE, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nPOST / HTTP/1.1\r\n"),
	T(SAFE, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
		"aaaabbbbccdd" GET),
	T(UNSAFE, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
		  "aaaabbbbccdd"
		  "POST / HTTP/1.1\r\n"),
	T(UNSAFE, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
		  "PO"),
	/* TLS, cut before it is one; other records */
	T(UNKNOWN, "\x16"),
	T(UNKNOWN, "\x16\x03\x01\x02\0"),
	T(UNKNOWN, "\x16\x03\x01\x02\0\2\0\x01\xfc\x03\x03"),
	T(SAFE, "\x16\x03\x01\x02\0\1\0\x01\xfc\x03\x03"),
	T(UNKNOWN, "\x17\x03\x03\0\x20"),
	/* SSH */
	T(SAFE, "SSH-2.0-OpenSSH_9.2\r\n"),
	T(SAFE, "SSH-2.0-x\r\n\0\0\5\xdc\x07\x14"),
	T(UNSAFE, "SSH-2.0-x\r\nPOST / HTTP/1.1\r\n"),
	T(UNKNOWN, "SSH-1.5-x\r\n"),
	/* PostgreSQL */
	T(SAFE, "\0\0\0\x08\x04\xd2\x16\x2f"),
	T(SAFE, "\0\0\0\x08\x04\xd2\x16\x30"),
	T(UNKNOWN, "\0\0\0\x08\x04\xd2\x16\x2fx"),
	T(UNKNOWN, "\0\0\0\x29\0\3\0\0user\0me\0\0"),
	T(UNSAFE, "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2"),
	T(UNSAFE, "\0\0\0\x10"),
	/* mail, and what greets first all the same */
	T(UNKNOWN, "EHLO me\r\n"),
	T(UNSAFE, "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
	T(UNSAFE, "MAIL FROM:<a>"),
	T(UNSAFE, "50:\nSubject: x"),
	T(UNKNOWN, "STOMP\naccept-version:1.2\n\n\0\n"),
	T(UNSAFE, "STOMP\naccept-version:1.2\n\n\0SEND\ndestination:/q\n\nx\0"),
	/* SIP, RTSP */
	T(UNSAFE, "INVITE sip:b@c SIP/2.0\r\n"),
	T(UNKNOWN, "OPTIONS sip:b@c SIP/2.0\r\n\r\n"),
	T(UNKNOWN, "DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
	/* memcached */
	T(UNKNOWN, "get a\r\n"),
	T(UNSAFE, "set a 0 0 1\r\nb\r\n"),
	T(UNSAFE, "get a\r\nincr a 1\r\n"),
	T(UNSAFE, "\x80"),
	T(UNSAFE, "\x80\1\0\1"),
	T(UNSAFE, "\x80\x11"),
	T(UNKNOWN, "\x80\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0k"),
	T(UNSAFE, "\x80\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0k\x80\4\0\1"),
	/* Redis */
	T(UNKNOWN, "*1\r\n$4\r\nPING\r\n"),
	T(UNKNOWN, "*2\r\n$3\r\nget\r\n$1\r\na\r\n"),
	T(UNKNOWN, "*2\r\n$3\r\nGET\r\n$1\r\n"),
	T(UNKNOWN,
	  "*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$1\r\na\r\n"),
	T(UNSAFE, "*3\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$1\r\na\r\n"),
	T(UNSAFE, "*1\r\n$6\r\nCLIENT\r\n"),
	T(UNSAFE, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"),
	T(UNSAFE, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"),
	T(UNSAFE, "*2\r\n$9999999\r\nGET\r\n"),
	T(UNSAFE, "*2\rx$3\rxGET\r\n$1\r\na\r\n"),
	T(UNSAFE, "*"),
	T(UNSAFE, "*1\r\n$4\r\nPI"),
	T(UNSAFE, "*0\r\n"),
	T(UNKNOWN, "* OK\r\n"),
	/* what is appended to: counters, logs, printers, patients, orders */
	T(UNSAFE, "requests:1|c\n"),
	T(UNSAFE, "load:-0.5|g"),
	T(UNKNOWN, "load:high"),
	T(UNKNOWN, "local.random.diceroll 4 1500000000\n"),
	T(UNSAFE, "<34>1 2003-10-11T22:14:15Z a su - ID47 - x"),
	T(UNSAFE, "61 <34>1 x"),
	T(UNSAFE, "<3"),
	T(UNKNOWN, "<?xml version='1.0'?><stream:stream>"),
	T(UNKNOWN, "<1234>"),
	T(UNKNOWN, "61 bottles"),
	T(UNKNOWN, "61x"),
	T(UNSAFE, "<9>x"),
	T(UNSAFE, "a:9|c"),
	T(UNSAFE, "\2lp\n"),
	T(UNSAFE, "\2"),
	T(UNSAFE, "\5lp root 1\n"),
	T(UNKNOWN, "\3lp\n"),
	T(UNSAFE, "\x1b%-12345X@PJL\r\n"),
	T(UNSAFE, "%!PS-Adobe-3.0\n"),
	T(UNSAFE, "\x0bMSH|^~\\&|"),
	T(UNSAFE, "8=FIX.4.4\1"
		  "9=65\1"),
	T(UNSAFE, "ZBXD\1"),
	T(UNSAFE, "\0REQ\0\0\0\x07"),
	T(UNSAFE, "\4\1\0\x50\xc0\0\2\1me\0"),
	T(UNKNOWN, "\5\1\0"),
	/* MQTT */
	T(UNSAFE, "\x10\x10\0\4MQTT\5\2\0\x3c\0\0\3abc"),
	T(UNSAFE, "\x10\x80\1\0\6MQIsdp\3"),
	T(UNSAFE, "\x10"),
	T(UNSAFE, "\x10\x80"),
	T(UNSAFE, "\x10\x10\0\4MQ"),
	T(UNKNOWN, "\x10\x10\0\4XX"),
	/* AJP */
	T(UNKNOWN, "\x12\x34\0\x40\2\2\0\x08HTTP/1.1"),
	T(UNKNOWN, "\x12\x34\0\1\x0a"),
	T(UNSAFE, "\x12\x34\0\x40\2\4\0\x08HTTP/1.1"),
	T(UNSAFE, "\x12\x34\0\x40\2"),
	T(UNKNOWN, "\x12\1\0\x2f"),
};

START_TEST(vector)
{
	const char *bytes = vectors[_i].bytes;
	size_t n = vectors[_i].n;

	ck_assert_msg(verdict_of(bytes, n) == vectors[_i].verdict, "%d: '%.*s': %d", _i,
		      (int)n, bytes, verdict_of(bytes, n));
	for (size_t cut = 0; cut < n; cut++)
		verdict_of(bytes, cut);
}
END_TEST

/* --- TLS -------------------------------------------------------------------------- */

START_TEST(hello_is_safe_however_cut)
{
	struct message m = usual_hello(), old = client_hello(NULL, 0);

	for (size_t n = 1; n <= m.n; n++)
		ck_assert_int_eq(verdict_of(m.bytes, n), n < 9 ? UNKNOWN : SAFE);
	ck_assert_int_eq(of(old), SAFE);
	for (uint8_t minor = 0; minor <= 4; minor++) {
		m.bytes[2] = minor;
		ck_assert_int_eq(of(m), SAFE);
	}
}
END_TEST

/* More than a SYN has room for: hybrid keys do that. */
START_TEST(hello_is_larger_than_a_syn)
{
	static const struct extension large[] = { { 0, 16 }, { 51, 1700 } };
	static const struct extension early[] = { { EARLY_DATA, 0 }, { 51, 1700 } };

	ck_assert_int_eq(of(client_hello(large, 2)), SAFE);
	ck_assert_int_eq(of(client_hello(early, 2)), UNKNOWN);
}
END_TEST

/* Wherever it stands, from the moment its two bytes are there. */
START_TEST(hello_with_early_data)
{
	struct extension list[COUNT(usual) + 1];
	struct message m;
	size_t at = 0;

	memcpy(list, usual, sizeof(usual));
	list[COUNT(usual)] = list[_i];
	list[_i] = (struct extension){ EARLY_DATA, 0 };
	m = client_hello(list, COUNT(list));
	for (size_t i = 0; i < m.n - 3; i++)
		if (!memcmp(m.bytes + i, "\0\x2a\0\0", 4))
			at = i;
	ck_assert_uint_gt(at, 80);
	for (size_t n = 9; n <= m.n; n++)
		ck_assert_int_eq(verdict_of(m.bytes, n), n < at + 2 ? SAFE : UNKNOWN);
	add_text(&m, "\x17\x03\x03");
	ck_assert_int_eq(of(m), UNKNOWN);
}
END_TEST

/* What is not alone, not whole in its record or does not add up is not known. */
START_TEST(hello_that_is_odd)
{
	struct message m = usual_hello(), odd;
	size_t extensions = 5 + 4 + 2 + 32 + 33 + 8 + 2;
	static const struct {
		size_t at, by;
	} wrong[] = { { 1, 1 },	 { 2, 4 },    { 3, 1 }, { 4, 1 },  { 6, 1 },
		      { 7, 1 },	 { 8, 1 },    { 5, 1 }, { 43, 1 }, { 43, 200 },
		      { 77, 2 }, { 77, 255 }, { 84, 1 } };

	for (size_t i = 0; i < COUNT(wrong); i++) {
		odd = m;
		odd.bytes[wrong[i].at] = (uint8_t)(odd.bytes[wrong[i].at] +
						   wrong[i].by);
		ck_assert_msg(of(odd) == UNKNOWN, "at %zu", wrong[i].at);
	}
	for (size_t i = 0; i < 2; i++) {
		odd = m;
		odd.bytes[extensions + i]++;
		ck_assert_int_eq(of(odd), UNKNOWN);
	}
	odd = m;
	odd.bytes[extensions + 5]++; /* the first extension's length */
	ck_assert_int_eq(of(odd), UNKNOWN);
	add_text(&m, "x");
	ck_assert_int_eq(of(m), UNKNOWN);
}
END_TEST

/* --- DNS -------------------------------------------------------------------------- */

START_TEST(dns_asks)
{
	struct message m = dns(0, 0, 0);
	size_t one = m.n;

	for (size_t n = 2; n < one; n++)
		ck_assert_msg(verdict_of(m.bytes, n) == UNKNOWN, "%zu", n);
	ck_assert_int_eq(of(m), SAFE);
	add_dns(&m, 0, 0, 0);
	ck_assert_int_eq(of(m), SAFE);
	ck_assert_int_eq(verdict_of(m.bytes, one + 5), UNKNOWN);
	ck_assert_int_eq(of(dns(0, 0, 1)), SAFE); /* EDNS */
	ck_assert_int_eq(of(dns(0, 1, 1)), SAFE); /* IXFR */
	m.bytes[4] |= 0x80;			  /* an answer */
	ck_assert_int_eq(of(m), UNKNOWN);
	m = dns(0, 0, 0);
	m.bytes[1]++; /* longer than its question */
	ck_assert_int_eq(of(m), UNKNOWN);
	m = dns(0, 0, 0);
	m.bytes[14] = 64; /* no label */
	ck_assert_int_eq(of(m), UNKNOWN);
	m = dns(0, 0, 0);
	m.bytes[one - 1] = 9; /* no class */
	ck_assert_int_eq(of(m), UNKNOWN);
}
END_TEST

/* One thing about it is otherwise. */
START_TEST(dns_but)
{
	static const struct {
		size_t at;
		uint8_t byte;
		enum verdict verdict;
	} but[] = { { 30, 3, SAFE },   { 30, 255, SAFE },    { 30, 2, UNKNOWN },
		    { 28, 252, SAFE }, { 28, 0, UNKNOWN },   { 5, 0x20, SAFE },
		    { 5, 3, UNKNOWN }, { 5, 0x40, UNKNOWN }, { 7, 2, UNKNOWN },
		    { 7, 0, UNKNOWN }, { 9, 1, UNKNOWN },    { 11, 2, UNKNOWN },
		    { 4, 5, UNKNOWN }, { 4, 2, UNKNOWN } };
	struct message m, two;

	for (size_t i = 0; i < COUNT(but); i++) {
		m = dns(0, 0, 0);
		ck_assert_uint_eq(m.n, 31);
		m.bytes[but[i].at] = but[i].byte;
		ck_assert_msg(of(m) == but[i].verdict, "%zu: %d", i, of(m));
		two = dns(0, 0, 0);
		add(&two, m.bytes, m.n);
		ck_assert_int_eq(of(two), but[i].verdict);
	}
	ck_assert_int_eq(of(dns(0, 1, 2)), SAFE);
	ck_assert_int_eq(of(dns(0, 2, 0)), UNKNOWN);
	ck_assert_int_eq(of(dns(0, 0, 4)), UNKNOWN);
	m.n = 0;
	add(&m, "\0\x52\x12\x34\1\0\0\1\0\0\0\0\0\0\x3f", 15);
	add_zeros(&m, 63);
	add_number(&m, 1, 0);
	add_number(&m, 4, 0x10001);
	set_number(&m, 0, 2, m.n - 2);
	ck_assert_int_eq(of(m), SAFE); /* the longest label */
}
END_TEST

START_TEST(dns_changes)
{
	struct message m = dns(0, 0, 0);

	ck_assert_int_eq(of(dns(5, 1, 0)), UNSAFE);
	ck_assert_int_eq(of(dns(4, 0, 0)), UNSAFE);
	ck_assert_int_eq(of(dns(2, 0, 0)), UNKNOWN);
	add_dns(&m, 5, 1, 0);
	ck_assert_int_eq(of(m), UNSAFE);
	for (size_t n = 14; n <= dns(5, 1, 0).n; n++)
		ck_assert_int_eq(verdict_of(dns(5, 1, 0).bytes, n), UNSAFE);
}
END_TEST

/* --- HTTP/2 -------------------------------------------------------------------------
 */

#define HEADERS 1
#define ENDS 5 /* END_STREAM, END_HEADERS */

START_TEST(http2_asks)
{
	struct message m = http2(), got;

	for (size_t n = 24; n <= m.n; n++)
		ck_assert_int_eq(verdict_of(m.bytes, n), SAFE);
	got = m;
	add_frame(&got, HEADERS, ENDS, "\x82\x86\x84", 3);
	ck_assert_int_eq(of(got), SAFE);
	add_frame(&got, HEADERS, ENDS | 0x28, "\2\0\0\0\0\1\x82\x84\0\0", 10);
	ck_assert_int_eq(of(got), SAFE);
	add_frame(&got, HEADERS, ENDS, "\x83\x86\x84", 3);
	ck_assert_int_eq(of(got), UNSAFE);
}
END_TEST

START_TEST(http2_commits)
{
	static const struct {
		uint8_t type, flags;
		const char *bytes;
		size_t n;
	} frames[] = {
		{ HEADERS, ENDS, "\x83\x86", 2 },
		{ HEADERS, 4, "\x82\x86", 2 },
		{ HEADERS, 1, "\x82\x86", 2 },
		{ HEADERS, ENDS | 8, "\x82\x86", 2 },
		{ HEADERS, ENDS, "\x86\x82", 2 },
		{ HEADERS, ENDS, "", 0 },
		{ 0, 0, "x", 1 },
		{ 9, 4, "\x82", 1 },
		{ HEADERS, ENDS | 0x20, "\x82", 1 },
	};

	for (size_t i = 0; i < COUNT(frames); i++) {
		struct message m = http2();
		size_t before = m.n;

		add_frame(&m, frames[i].type, frames[i].flags, frames[i].bytes,
			  frames[i].n);
		ck_assert_msg(of(m) == UNSAFE, "frame %zu", i);
		ck_assert_int_eq(verdict_of(m.bytes, before + 8), SAFE);
		ck_assert_int_eq(verdict_of(m.bytes, before + 9), UNSAFE);
	}
}
END_TEST

/* --- gateways ------------------------------------------------------------------------
 */

START_TEST(gateways)
{
	static const char *const change[] = { "POST", "PUT", "DELETE", "GETX",
					      "get",  "GE",  "" };
	enum gateway by = (enum gateway)_i;
	struct message m = asked_by(by, "GET");

	ck_assert_int_eq(of(m), UNKNOWN);
	ck_assert_int_eq(of(asked_by(by, "HEAD")), UNKNOWN);
	for (size_t i = 0; i < COUNT(change); i++)
		ck_assert_msg(of(asked_by(by, change[i])) == UNSAFE, "%s", change[i]);
	ck_assert_int_eq(of(asked_by(by, NULL)), UNSAFE);
	for (size_t n = by == UWSGI ? 7 : by == SCGI ? 4 : 1; n < m.n - 4; n++)
		ck_assert_msg(verdict_of(m.bytes, n) == UNSAFE, "%zu", n);
}
END_TEST

/* --- anything
 * ------------------------------------------------------------------------- */

/* Cut, spliced and flipped at random: it stays inside, and the rules in order. */
START_TEST(mutated)
{
	struct message m;

	for (int turn = 0; turn < 60000; turn++) {
		m.n = 0;
		for (size_t parts = 1 + dice() % 3; parts; parts--) {
			size_t i = dice() % (COUNT(vectors) + 6);
			struct message made = i == COUNT(vectors)	? usual_hello()
					      : i == COUNT(vectors) + 1 ? dns(0, 0, 1)
					      : i == COUNT(vectors) + 2 ? http2()
					      : i > COUNT(vectors) + 2
						      ? asked_by(i % 3, "GET")
						      : (struct message){ .n = 0 };

			if (i < COUNT(vectors))
				add(&made, vectors[i].bytes, vectors[i].n);
			add(&m, made.bytes,
			    dice() % 4 ? made.n : dice() % (made.n + 1));
		}
		for (size_t flips = dice() % 4; flips && m.n; flips--)
			m.bytes[dice() % m.n] = (uint8_t)dice();
		of(m);
	}
}
END_TEST

START_TEST(random_bytes)
{
	static uint8_t bytes[PAYLOAD_BYTES];
	static const char letters[] = "GETPOSTHMAILDATA*$01\r\n\0\1\2\x16\x03\x80: /";

	for (int turn = 0; turn < 20000; turn++) {
		size_t n = dice() % (turn % 8 ? 64 : sizeof(bytes) + 1);

		for (size_t i = 0; i < n; i++)
			bytes[i] = turn & 1
					   ? (uint8_t)dice()
					   : (uint8_t)letters[dice() % sizeof(letters)];
		verdict_of(bytes, n);
	}
}
END_TEST

static double us_each(const char *bytes, size_t n, int turns)
{
	struct timespec from, to;
	int rode = 0;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < turns; i++)
		rode += payload_may_ride(PAYLOAD_AUTO, bytes, n);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert(rode == 0 || rode == turns);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
		(double)(to.tv_nsec - from.tv_nsec)) /
	       1000 / turns;
}

/* The worst that fits is bounded; generous, since sanitizers are slow. */
START_TEST(takes_no_time)
{
	static const char *const units[] = {
		"\nP", "\nS", "\na-", "\n", "GET ", "\n\n", "GET / HTTP/1.1\n\n",
		"x",   "1"
	};
	static char bytes[PAYLOAD_BYTES];

	for (size_t i = 0; i < COUNT(units); i++) {
		size_t n = strlen(units[i]);

		for (size_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = units[i][at % n];
		ck_assert_double_lt(us_each(bytes, sizeof(bytes), 20), 5000);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("payload");
	TCase *all = tcase_create("payload");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, a_word_that_commits, 0, COUNT(committing));
	tcase_add_loop_test(all, what_only_looks_like_it, 0, COUNT(committing));
	tcase_add_loop_test(all, vector, 0, COUNT(vectors));
	tcase_add_test(all, hello_is_safe_however_cut);
	tcase_add_test(all, hello_is_larger_than_a_syn);
	tcase_add_loop_test(all, hello_with_early_data, 0, COUNT(usual) + 1);
	tcase_add_test(all, hello_that_is_odd);
	tcase_add_test(all, dns_asks);
	tcase_add_test(all, dns_but);
	tcase_add_test(all, dns_changes);
	tcase_add_test(all, http2_asks);
	tcase_add_test(all, http2_commits);
	tcase_add_loop_test(all, gateways, FASTCGI, SCGI + 1);
	tcase_add_test(all, mutated);
	tcase_add_test(all, random_bytes);
	tcase_add_test(all, takes_no_time);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
