/* SPDX-License-Identifier: MIT */
/* payload_gateways: what a web server hands on; see payload_gateways.h. */
#include "core/payload_gateways.h"

#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static size_t be16(const uint8_t *b)
{
	return (size_t)b[0] << 8 | b[1];
}

static size_t le16(const uint8_t *b)
{
	return (size_t)b[1] << 8 | b[0];
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool begins(const uint8_t *b, size_t n, const char *with, size_t length)
{
	size_t i = 0;

	while (i < n && i < length && b[i] == (uint8_t)with[i])
		i++;
	return i == length;
}

/* --- the gateways behind a web server
 * -------------------------------------------------- */

struct variable {
	const uint8_t *name, *value;
	size_t name_n, value_n;
};

/* Takes a number of 1 or 4 bytes (FastCGI, section 3.4). */
static bool take_number(const uint8_t *b, size_t n, size_t *at, size_t *ret)
{
	if (*at >= n || (b[*at] & 0x80 && n - *at < 4))
		return false;
	*ret = b[*at] & 0x80 ? (be16(b + *at) & 0x7fff) << 16 | be16(b + *at + 2)
			     : b[*at];
	*at += b[*at] & 0x80 ? 4 : 1;
	return true;
}

static bool fastcgi_next(const uint8_t *b, size_t n, size_t *at, struct variable *ret)
{
	if (!take_number(b, n, at, &ret->name_n) ||
	    !take_number(b, n, at, &ret->value_n) || ret->name_n > n - *at ||
	    ret->value_n > n - *at - ret->name_n)
		return false;
	ret->name = b + *at;
	ret->value = ret->name + ret->name_n;
	*at += ret->name_n + ret->value_n;
	return true;
}

static bool take_uwsgi(const uint8_t *b, size_t n, size_t *at, const uint8_t **ret,
		       size_t *ret_n)
{
	if (n - *at < 2)
		return false;
	*ret_n = le16(b + *at);
	*ret = b + *at + 2;
	if (*ret_n > n - *at - 2)
		return false;
	*at += 2 + *ret_n;
	return true;
}

static bool uwsgi_next(const uint8_t *b, size_t n, size_t *at, struct variable *ret)
{
	return take_uwsgi(b, n, at, &ret->name, &ret->name_n) &&
	       take_uwsgi(b, n, at, &ret->value, &ret->value_n);
}

static bool take_string(const uint8_t *b, size_t n, size_t *at, const uint8_t **ret,
			size_t *ret_n)
{
	*ret = b + *at;
	for (*ret_n = 0; *at < n && b[*at]; ++*ret_n)
		++*at;
	return (*at)++ < n;
}

static bool scgi_next(const uint8_t *b, size_t n, size_t *at, struct variable *ret)
{
	return take_string(b, n, at, &ret->name, &ret->name_n) &&
	       take_string(b, n, at, &ret->value, &ret->value_n);
}

/* What a server hands on is judged by the method it was asked by. */
static enum payload_verdict judge_variables(const uint8_t *b, size_t n, size_t at,
					    bool (*next)(const uint8_t *, size_t,
							 size_t *, struct variable *))
{
	static const char methods[][9] = { "GET", "HEAD", "OPTIONS", "PROPFIND" };
	struct variable v;

	while (at < n && next(b, n, &at, &v)) {
		if (v.name_n != 14 || !begins(v.name, 14, "REQUEST_METHOD", 14))
			continue;
		for (size_t i = 0; i < COUNT(methods); i++)
			if (v.value_n < sizeof(*methods) && !methods[i][v.value_n] &&
			    begins(v.value, v.value_n, methods[i], v.value_n))
				return PAYLOAD_UNKNOWN;
		break;
	}
	return PAYLOAD_UNSAFE;
}

/* BEGIN_REQUEST, then PARAMS: FastCGI specification, section 3. */
static enum payload_verdict fastcgi(const uint8_t *b, size_t n)
{
	if (b[0] != 1 || (n > 1 && b[1] != 1) || (n > 4 && b[4]) ||
	    (n > 5 && b[5] != 8))
		return PAYLOAD_FOREIGN;
	if (n < 24 || b[17] != 4)
		return PAYLOAD_UNSAFE;
	return judge_variables(b, least(n, 24 + be16(b + 20)), 24, fastcgi_next);
}

/* A packet of variables: uwsgi-docs, "The uwsgi protocol". */
static enum payload_verdict uwsgi(const uint8_t *b, size_t n)
{
	if (n < 7 || b[0] || !(b[1] | b[2]) || b[3] || b[4] < 3 || b[5] || b[6] < 'A' ||
	    b[6] > 'Z')
		return PAYLOAD_FOREIGN;
	return judge_variables(b, least(n, 4 + le16(b + 1)), 4, uwsgi_next);
}

/* "70:CONTENT_LENGTH...": SCGI; any other netstring is mail (QMTP, QMQP). */
static enum payload_verdict netstring(const uint8_t *b, size_t n)
{
	size_t at = 0, length = 0;

	while (at < n && at < 9 && b[at] >= '0' && b[at] <= '9')
		length = 10 * length + (size_t)(b[at++] - '0');
	if (!at || at == n || b[at++] != ':')
		return PAYLOAD_FOREIGN;
	if (!begins(b + at, n - at, "CONTENT_LENGTH", 15))
		return PAYLOAD_UNSAFE;
	return judge_variables(b, least(n, at + length), at, scgi_next);
}

/* AJP 1.3: a request that is handed on, and how it was asked; or a ping. */
static enum payload_verdict ajp(const uint8_t *b, size_t n)
{
	if (b[0] != 0x12 || (n > 1 && b[1] != 0x34))
		return PAYLOAD_FOREIGN;
	if (n > 4 && b[4] == 10)
		return PAYLOAD_UNKNOWN;
	return n > 5 && b[4] == 2 && b[5] >= 1 && b[5] <= 3 ? PAYLOAD_UNKNOWN
							    : PAYLOAD_UNSAFE;
}

enum payload_verdict payload_gateways(const uint8_t *b, size_t n)
{
	static enum payload_verdict (*const judges[])(
		const uint8_t *, size_t) = { fastcgi, uwsgi, netstring, ajp };
	enum payload_verdict v = PAYLOAD_FOREIGN;

	for (size_t i = 0; i < COUNT(judges) && v == PAYLOAD_FOREIGN; i++)
		v = judges[i](b, n);
	return v;
}
