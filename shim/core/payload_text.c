/* SPDX-License-Identifier: MIT */
/* payload_text: what protocols of lines ask for; see payload_text.h. */
#include "core/payload_text.h"

#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WORD_MOST 24

/* What commits something, in any case, at the beginning of any line. */
static const char unsafe[][WORD_MOST] = {
	/* HTTP: RFC 9110 section 9.2, RFC 5789, RFC 2068 section 19.6.1; caches */
	"POST", "PUT", "PATCH", "DELETE", "CONNECT", "LINK", "UNLINK", "PURGE", "BAN",
	/* WebDAV: RFC 4918, RFC 3744, RFC 3253 */
	"PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL",
	"VERSION-CONTROL", "CHECKOUT", "CHECKIN", "UNCHECKOUT", "MKWORKSPACE", "UPDATE",
	"LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY",
	/* RFC 3648, RFC 4437, RFC 4791, RFC 5842 */
	"ORDERPATCH", "MKREDIRECTREF", "UPDATEREDIRECTREF", "MKCALENDAR", "BIND",
	"UNBIND", "REBIND",
	/* SIP: RFC 3261, 3262, 3428, 3515, 3903, 6086, 6665; UPnP's events */
	"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "PRACK", "MESSAGE", "REFER",
	"PUBLISH", "INFO", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY",
	/* RTSP: RFC 7826 section 13, RFC 2326 section 10 */
	"SETUP", "PLAY", "PLAY_NOTIFY", "RECORD", "ANNOUNCE", "PAUSE", "TEARDOWN",
	"SET_PARAMETER", "REDIRECT",
	/* SMTP and LMTP: RFC 5321, RFC 3030, RFC 4468, RFC 1985, RFC 821 */
	"MAIL", "RCPT", "DATA", "BDAT", "BURL", "ETRN", "TURN", "SEND", "SOML", "SAML",
	/* POP3, FTP, NNTP, ManageSieve, IRC: RFC 1939, 959, 3977, 4644, 5804, 2812 */
	"DELE", "STOR", "STOU", "APPE", "RNFR", "RNTO", "RMD", "MKD", "SITE", "IHAVE",
	"TAKETHIS", "PUTSCRIPT", "DELETESCRIPT", "SETACTIVE", "RENAMESCRIPT", "PRIVMSG",
	"NOTICE",
	/* memcached: doc/protocol.txt; the last three are its meta commands */
	"SET", "ADD", "REPLACE", "APPEND", "PREPEND", "CAS", "INCR", "DECR",
	"FLUSH_ALL", "MS", "MD", "MA",
	/* beanstalkd: doc/protocol.txt */
	"RESERVE", "RESERVE-WITH-TIMEOUT", "RESERVE-JOB", "RELEASE", "BURY", "KICK",
	"KICK-JOB", "PAUSE-TUBE",
	/* NATS, STOMP 1.2 */
	"PUB", "NACK", "BEGIN", "COMMIT", "ABORT",
	/* Redis by hand; what its libraries write is judged below */
	"SETEX", "SETNX", "MSET", "DEL", "INCRBY", "DECRBY", "EXPIRE", "PERSIST",
	"RENAME", "LPUSH", "RPUSH", "LPOP", "RPOP", "LREM", "LSET", "LTRIM", "SADD",
	"SREM", "SPOP", "ZADD", "ZREM", "ZINCRBY", "EVAL", "EVALSHA", "FLUSHALL",
	"FLUSHDB"
};

/* IANA's registry of HTTP methods, those that are safe (RFC 9110, section 9.2.1). */
static const char safe[][WORD_MOST] = { "GET",	    "HEAD",   "OPTIONS", "TRACE",
					"PROPFIND", "REPORT", "SEARCH",	 "QUERY" };

/* Redis: what only reads, or speaks of the connection (redis.io/commands). */
static const char reads[][WORD_MOST] = {
	/* the connection and the server */
	"AUTH", "HELLO", "PING", "ECHO", "SELECT", "READONLY", "COMMAND", "INFO",
	"ROLE", "TIME", "DBSIZE", "CLIENT SETINFO", "CLIENT SETNAME", "CLIENT GETNAME",
	"CLIENT ID", "CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES", "CONFIG GET",
	"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE",
	/* keys and strings */
	"GET", "MGET", "GETRANGE", "STRLEN", "EXISTS", "TYPE", "TTL", "PTTL", "KEYS",
	"SCAN",
	/* hashes, lists, sets */
	"HGET", "HMGET", "HGETALL", "HEXISTS", "HKEYS", "HVALS", "HLEN", "HSCAN",
	"LRANGE", "LLEN", "LINDEX", "SMEMBERS", "SISMEMBER", "SCARD", "SSCAN", "ZRANGE",
	"ZRANGEBYSCORE", "ZSCORE", "ZCARD", "ZCOUNT", "ZRANK", "ZSCAN"
};

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_graph(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

static bool in_word(uint8_t c)
{
	uint8_t u = upper(c);

	return (u >= 'A' && u <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static size_t word_length(const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n && i < WORD_MOST && in_word(b[i]))
		i++;
	return i;
}

/* Is it the word, or the beginning of it where prefix is true? */
static bool is_word(const uint8_t *b, size_t n, const char *word, bool prefix)
{
	if (n >= WORD_MOST)
		return false;
	for (size_t i = 0; i < n; i++)
		if (upper(b[i]) != (uint8_t)word[i])
			return false;
	return prefix || !word[n];
}

static bool is_one_of(const uint8_t *b, size_t n, const char (*words)[WORD_MOST],
		      size_t count, bool prefix)
{
	uint8_t first = n ? upper(*b) : 0;

	for (size_t i = 0; n && i < count; i++)
		if ((uint8_t)words[i][0] == first && is_word(b, n, words[i], prefix))
			return true;
	return false;
}

/* Methods are told apart by case (RFC 9110, section 9.1). */
static bool is_safe_method(const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b[i] != upper(b[i]))
			return false;
	return is_one_of(b, n, safe, COUNT(safe), false);
}

/* --- HTTP/1: RFC 9112 ---------------------------------------------------------- */

struct line {
	size_t n;   /* without its end */
	size_t all; /* with it */
	bool cut;   /* it has none */
};

static struct line line_at(const uint8_t *b, size_t n)
{
	struct line l = { .n = 0 };

	while (l.n < n && b[l.n] != '\n')
		l.n++;
	l.cut = l.n == n;
	l.all = l.cut ? n : l.n + 1;
	if (!l.cut && l.n && b[l.n - 1] == '\r')
		l.n--;
	return l;
}

static bool ends_in_version(const uint8_t *b, size_t n)
{
	return n > 9 && is_word(b + n - 8, 4, "HTTP", false) && b[n - 9] == ' ' &&
	       b[n - 4] == '/' && is_digit(b[n - 3]) && b[n - 2] == '.' &&
	       is_digit(b[n - 1]);
}

/* A field that tells of a body; "Content-Length: 0" tells of none. */
static bool tells_of_body(const uint8_t *b, size_t n)
{
	size_t name = word_length(b, n);

	if (is_word(b, name, "TRANSFER-ENCODING", false))
		return true;
	if (!is_word(b, name, "CONTENT-LENGTH", false))
		return false;
	if (name == n || b[name++] != ':')
		return true;
	while (name < n && (b[name] == ' ' || b[name] == '\t'))
		name++;
	return name + 1 != n || b[name] != '0';
}

/* The length of a head; what is cut short is all head. */
static size_t head_length(const uint8_t *b, size_t n, bool *ret_body)
{
	size_t at = 0;
	struct line l;

	do {
		l = line_at(b + at, n - at);
		if (!l.cut && tells_of_body(b + at, l.n))
			*ret_body = true;
		at += l.all;
	} while (!l.cut && l.n);
	return at;
}

/*
 * Judges what begins here; its length.  What a SYN carries of a request that is cut
 * short no server can act on; so it is judged by its method.
 */
static size_t judge_line(const uint8_t *b, size_t n, enum payload_verdict *ret)
{
	size_t word = word_length(b, n);
	struct line l = line_at(b, n);
	bool body = false, ends = word == n;

	*ret = PAYLOAD_UNKNOWN;
	if (!ends && b[word] == ' ' && is_safe_method(b, word)) {
		if (!l.cut && !ends_in_version(b, l.n))
			return l.all;
		n = head_length(b, n, &body);
		*ret = body ? PAYLOAD_UNKNOWN : PAYLOAD_SAFE;
		return n;
	}
	if ((ends || !is_graph(b[word])) &&
	    is_one_of(b, word, unsafe, COUNT(unsafe), ends))
		*ret = PAYLOAD_UNSAFE;
	else if (!l.cut && word && ends_in_version(b, l.n))
		*ret = PAYLOAD_UNSAFE; /* a method nobody knows (RFC 9110, 9.2.2) */
	return l.all;
}

static enum payload_verdict lines(const uint8_t *b, size_t n)
{
	enum payload_verdict all = PAYLOAD_FOREIGN, v;

	for (size_t at = 0; at < n;) {
		if (b[at] == '\r' || b[at] == '\n' || !b[at]) {
			at++; /* RFC 9112, section 2.2; NUL ends a frame of STOMP */
			continue;
		}
		at += judge_line(b + at, n - at, &v);
		if (v == PAYLOAD_UNSAFE)
			return v;
		if (all != PAYLOAD_UNKNOWN)
			all = v;
	}
	return all == PAYLOAD_FOREIGN ? PAYLOAD_UNKNOWN : all;
}

/* --- Redis: redis.io/docs/reference/protocol-spec -------------------------------- */

/* "*3\r\n": its length, 0 when it is none or cut. */
static size_t resp_number(const uint8_t *b, size_t n, uint8_t mark, size_t *ret)
{
	size_t at = 1, value = 0;

	if (!n || *b != mark)
		return 0;
	while (at < n && at < 8 && is_digit(b[at]))
		value = value * 10 + (size_t)(b[at++] - '0');
	if (at == 1 || n - at < 2 || b[at] != '\r' || b[at + 1] != '\n')
		return 0;
	*ret = value;
	return at + 2;
}

struct command {
	uint8_t name[WORD_MOST];
	size_t n;
	bool reads;
};

/* Takes the next of its words: the first, or the first two, are its name. */
static void name_command(struct command *c, const uint8_t *b, size_t n, bool second)
{
	if (c->reads || c->n + second + n > sizeof(c->name))
		return;
	if (second)
		c->name[c->n++] = ' ';
	for (size_t i = 0; i < n; i++)
		c->name[c->n++] = b[i];
	c->reads = is_one_of(c->name, c->n, reads, COUNT(reads), false);
}

/* One command that only reads: its length, n when it is cut; 0 for any other. */
static size_t resp_command(const uint8_t *b, size_t n)
{
	struct command c = { .n = 0 };
	size_t words = 0, length, at = resp_number(b, n, '*', &words), used;

	if (!at)
		return 0;
	for (size_t i = 0; i < words; i++) {
		used = resp_number(b + at, n - at, '$', &length);
		if (!used || length + 2 > n - at - used)
			return c.reads ? n : 0;
		at += used;
		if (i < 2)
			name_command(&c, b + at, length, i == 1);
		at += length + 2;
		if (i == 1 && !c.reads)
			return 0;
	}
	return c.reads ? at : 0;
}

static enum payload_verdict resp(const uint8_t *b, size_t n)
{
	size_t used;

	if (*b != '*' || (n > 1 && !is_digit(b[1])))
		return PAYLOAD_FOREIGN;
	for (size_t at = 0; at < n; at += used) {
		used = resp_command(b + at, n - at);
		if (!used)
			return PAYLOAD_UNSAFE;
	}
	return PAYLOAD_UNKNOWN;
}

/* --- lines without words -----------------------------------------------------------
 */

static size_t digits(const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(b[i]))
		i++;
	return i;
}

/* "<34>1 ...", "61 <34>1 ..." : syslog over TCP (RFC 6587). */
static bool is_syslog(const uint8_t *b, size_t n)
{
	size_t at = digits(b, n), number;

	if (at && at < n && b[at] == ' ')
		at++;
	else if (at)
		return false;
	if (at == n || b[at] != '<')
		return false;
	number = digits(b + at + 1, n - at - 1);
	at += 1 + number;
	return number && number < 4 && (at == n || b[at] == '>');
}

/* "name:1|c": StatsD, whose counters add up. */
static bool is_statsd(const uint8_t *b, size_t n)
{
	size_t at = 0, number;

	while (at < n && is_graph(b[at]) && b[at] != ':')
		at++;
	if (!at || at == n || b[at++] != ':')
		return false;
	if (at < n && (b[at] == '+' || b[at] == '-'))
		at++;
	for (number = at; at < n && (is_digit(b[at]) || b[at] == '.');)
		at++;
	return at > number && at < n && b[at] == '|';
}

/* Print, receive or remove a job: RFC 1179, section 5. */
static bool is_printer(const uint8_t *b, size_t n)
{
	return (*b == 1 || *b == 2 || *b == 5) && (n == 1 || is_graph(b[1]));
}

enum payload_verdict payload_text(const uint8_t *b, size_t n)
{
	enum payload_verdict v = resp(b, n);

	if (v != PAYLOAD_FOREIGN)
		return v;
	if (is_syslog(b, n) || is_statsd(b, n) || is_printer(b, n))
		return PAYLOAD_UNSAFE;
	return lines(b, n);
}
