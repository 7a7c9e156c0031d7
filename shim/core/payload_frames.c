/* SPDX-License-Identifier: MIT */
/* payload_frames: what protocols of frames and records ask for; see payload_frames.h.
 */
#include "core/payload_frames.h"

#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static size_t be16(const uint8_t *b)
{
	return (size_t)b[0] << 8 | b[1];
}

static size_t be32(const uint8_t *b)
{
	return be16(b) << 16 | be16(b + 2);
}

/* How many bytes both have in common from the beginning on. */
static size_t common(const uint8_t *b, size_t n, const char *with, size_t length)
{
	size_t i = 0;

	while (i < n && i < length && b[i] == (uint8_t)with[i])
		i++;
	return i;
}

/* --- what begins with these bytes, or may yet ----------------------------------------
 */

static const struct {
	uint8_t n;
	char bytes[11];
} unsafe[] = {
	/* PostgreSQL's CancelRequest ("Message Formats"): ends whatever runs by then */
	{ 8, "\0\0\0\x10\x04\xd2\x16\x2e" },
	{ 5, "8=FIX" },	       /* FIX: takes over a session */
	{ 4, "\x0bMSH" },      /* HL7 over MLLP */
	{ 4, "ZBXD" },	       /* Zabbix: values and logs */
	{ 4, "\0REQ" },	       /* Gearman: jobs */
	{ 9, "\x1b%-12345X" }, /* a printer, by PJL ... */
	{ 4, "%!PS" },	       /* ... and PostScript */
	{ 2, "\4\1" },	       /* SOCKS 4: CONNECT and BIND */
	{ 2, "\4\2" },
};

static enum payload_verdict words(const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < COUNT(unsafe); i++) {
		size_t length = n < unsafe[i].n ? n : unsafe[i].n;

		if (common(b, n, unsafe[i].bytes, unsafe[i].n) == length)
			return PAYLOAD_UNSAFE;
	}
	return PAYLOAD_FOREIGN;
}

/* PostgreSQL asks whether there is TLS, or GSS, and waits for the answer. */
static enum payload_verdict postgres(const uint8_t *b, size_t n)
{
	return n == 8 && common(b, n, "\0\0\0\x08\x04\xd2\x16", 7) == 7 &&
			       (b[7] == 0x2f || b[7] == 0x30)
		       ? PAYLOAD_SAFE
		       : PAYLOAD_FOREIGN;
}

/* Until keys are exchanged nothing can be asked for: RFC 4253, sections 4.2 and 7. */
static enum payload_verdict ssh(const uint8_t *b, size_t n)
{
	size_t at = 8;

	if (common(b, n, "SSH-2.0-", 8) < 8)
		return PAYLOAD_FOREIGN;
	while (at < n && b[at] != '\n')
		at++;
	at++;
	if (at >= n)
		return PAYLOAD_SAFE;
	return n - at > 5 && !b[at] && b[at + 5] == 20 ? PAYLOAD_SAFE : PAYLOAD_FOREIGN;
}

/* --- TLS: RFC 8446
 * --------------------------------------------------------------------- */

#define EARLY_DATA 42

/* Goes over a vector whose length has so many bytes; false: it is not all there. */
static bool over(const uint8_t *b, size_t n, size_t width, size_t *at)
{
	if (*at + width > n)
		return false;
	*at += width + (width == 1 ? b[*at] : be16(b + *at));
	return *at <= n;
}

/*
 * The extensions of a ClientHello of n bytes, of which the record may hold more.  Early
 * data can be repeated by anybody (section 8): what a program sends so it has declared
 * repeatable, and its server guards itself.  So it is not unsafe, but not known to be
 * safe.
 */
static bool has_no_early_data(const uint8_t *b, size_t n, size_t end)
{
	size_t at = 5 + 4 + 2 + 32;

	if (!over(b, n, 1, &at) || !over(b, n, 2, &at) || !over(b, n, 1, &at))
		return n < end;
	if (n - at < 2)
		return n < end || at == end; /* before TLS 1.2 there may be none */
	if (at + 2 + be16(b + at) != end)
		return false;
	for (at += 2; at + 2 <= n; at += 4 + be16(b + at + 2)) {
		if (be16(b + at) == EARLY_DATA)
			return false;
		if (at + 4 > n)
			break;
	}
	return n < end || at == end;
}

/* A ClientHello, alone in its record, with nothing behind it, is safe: RFC 7413, 6.3.2.
 * Where the SYN has no room for all of it, there is none for early data either. */
static enum payload_verdict tls(const uint8_t *b, size_t n)
{
	size_t end;

	if (b[0] != 0x16 || (n > 1 && b[1] != 3) || (n > 2 && b[2] > 4))
		return PAYLOAD_FOREIGN;
	if (n < 9 || b[5] != 1)
		return PAYLOAD_UNKNOWN;
	end = 5 + be16(b + 3);
	if (b[6] || 9 + be16(b + 7) != end || n > end)
		return PAYLOAD_UNKNOWN;
	return has_no_early_data(b, n, end) ? PAYLOAD_SAFE : PAYLOAD_UNKNOWN;
}

/* --- DNS over TCP: RFC 7766, RFC 1035 section 4 --------------------------------------
 */

#define DNS_HEAD 14  /* with the length before it */
#define DNS_NOTIFY 4 /* RFC 1996 */
#define DNS_UPDATE 5 /* RFC 2136 */

/* Where the question ends; 0: it is none, or cut. */
static size_t question_end(const uint8_t *b, size_t n)
{
	size_t at = DNS_HEAD, class;

	while (at < n && b[at]) {
		if (b[at] > 63)
			return 0;
		at += (size_t)b[at] + 1;
	}
	if (at + 5 > n || !be16(b + at + 1))
		return 0;
	class = be16(b + at + 3);
	return class == 1 || class == 3 || class == 255 ? at + 5 : 0;
}

/* A query has no answers, for authority what a transfer starts from (RFC 1995), and
 * beside that options and a signature (RFC 6891, RFC 8945). */
static bool is_query(const uint8_t *b, size_t n, size_t end)
{
	size_t question = question_end(b, n), beside = be16(b + 10) + be16(b + 12);

	return !(b[4] & 0xfe) && !be16(b + 8) && be16(b + 10) < 2 && beside < 4 &&
	       question && (beside ? question < end : question == end);
}

static enum payload_verdict dns(const uint8_t *b, size_t n)
{
	enum payload_verdict v = PAYLOAD_FOREIGN;
	size_t end, code;

	for (; n; b += end, n -= end) {
		if (n < DNS_HEAD)
			return v == PAYLOAD_FOREIGN ? v : PAYLOAD_UNKNOWN;
		end = 2 + be16(b);
		code = b[4] >> 3; /* with QR, which no request has */
		if (end >= DNS_HEAD + 5 && !(b[5] & 0x4f) && be16(b + 6) == 1 &&
		    (code == DNS_NOTIFY || code == DNS_UPDATE))
			return PAYLOAD_UNSAFE;
		if (be16(b + 6) != 1 || b[5] & 0x4f ||
		    !is_query(b, n < end ? n : end, end))
			return v == PAYLOAD_FOREIGN ? v : PAYLOAD_UNKNOWN;
		v = PAYLOAD_SAFE;
		if (end >= n)
			break;
	}
	return v;
}

/* --- HTTP/2 without TLS: RFC 9113
 * ------------------------------------------------------ */

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define HEADERS 1
#define INDEXED_GET 0x82 /* RFC 7541, appendix A */

/* A request without body whose method comes first, and is GET. */
static bool is_get(const uint8_t *b, size_t n, uint8_t flags)
{
	size_t at = (flags & 0x08 ? 1u : 0u) + (flags & 0x20 ? 5u : 0u);

	return (flags & 0x05) == 0x05 && at < n && b[at] == INDEXED_GET;
}

/* SETTINGS, WINDOW_UPDATE, PING, PRIORITY and PRIORITY_UPDATE ask for nothing. */
static bool is_of_connection(uint8_t type)
{
	return type == 2 || type == 4 || type == 6 || type == 8 || type == 16;
}

static enum payload_verdict http2(const uint8_t *b, size_t n)
{
	size_t at = sizeof(PREFACE) - 1, same = common(b, n, PREFACE, at), length;

	if (same < 4 || (same < at && same < n))
		return PAYLOAD_FOREIGN;
	if (n < at)
		return PAYLOAD_UNKNOWN;
	for (; n - at >= 9; at += length) {
		const uint8_t *frame = b + at;

		length = (size_t)frame[0] << 16 | be16(frame + 1);
		at += 9;
		if (length > n - at)
			length = n - at;
		if (!is_of_connection(frame[3]) &&
		    (frame[3] != HEADERS || !is_get(frame + 9, length, frame[4])))
			return PAYLOAD_UNSAFE;
	}
	return PAYLOAD_SAFE;
}

/* --- queues and caches
 * ------------------------------------------------------------------ */

/* A second CONNECT ends the first's session, and publishes its will: MQTT 5, 3.1.4. */
static enum payload_verdict mqtt(const uint8_t *b, size_t n)
{
	size_t at = 1, rest;

	if (b[0] != 0x10)
		return PAYLOAD_FOREIGN;
	while (at < n && at < 4 && b[at] & 0x80)
		at++;
	at++;
	rest = at < n ? n - at : 0;
	return !rest || common(b + at, rest, "\0\4MQTT", 6) == (rest < 6 ? rest : 6) ||
			       common(b + at, rest, "\0\6MQIsdp", 8) ==
				       (rest < 8 ? rest : 8)
		       ? PAYLOAD_UNSAFE
		       : PAYLOAD_FOREIGN;
}

/* memcached's doc/protocol-binary.txt, section 3.4: what neither reads nor lists. */
#define MEMCACHED_UNSAFE 0x777ec17eu

static enum payload_verdict memcached(const uint8_t *b, size_t n)
{
	while (n && b[0] == 0x80) {
		if (n == 1 || (b[1] < 32 && MEMCACHED_UNSAFE >> b[1] & 1))
			return PAYLOAD_UNSAFE;
		if (n < 24 || be32(b + 8) > n - 24)
			break;
		n -= 24 + be32(b + 8);
		b += 24 + be32(b + 8);
	}
	return PAYLOAD_FOREIGN;
}

enum payload_verdict payload_frames(const uint8_t *b, size_t n)
{
	static enum payload_verdict (*const judges[])(const uint8_t *, size_t) = {
		tls, http2, dns, ssh, postgres, mqtt, memcached, words,
	};
	enum payload_verdict v = PAYLOAD_FOREIGN;

	for (size_t i = 0; i < COUNT(judges) && v == PAYLOAD_FOREIGN; i++)
		v = judges[i](b, n);
	return v;
}
