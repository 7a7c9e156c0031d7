/* SPDX-License-Identifier: MIT */
/* addr: addresses and ports; see addr.h. */
#include "core/addr.h"

#include <netinet/in.h>
#include <stddef.h>

static uint16_t port_of(uint16_t network)
{
	return (uint16_t)(network >> 8 | network << 8); /* little-endian hosts only */
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "core/addr.c: port_of wants a little-endian host"
#endif

static bool is_mapped(const uint8_t *ip)
{
	for (int i = 0; i < 10; i++)
		if (ip[i])
			return false;
	return ip[10] == 0xff && ip[11] == 0xff;
}

bool addr_read(const void *sa, socklen_t len, struct addr *ret)
{
	const struct sockaddr *any = sa;
	const struct sockaddr_in *in4 = sa;
	const struct sockaddr_in6 *in6 = sa;
	struct addr a = { .version = 4 };
	const uint8_t *ip;
	int n = 4;

	if (len >= sizeof(*in4) && any->sa_family == AF_INET) {
		a.port = port_of(in4->sin_port);
		ip = (const uint8_t *)&in4->sin_addr;
	} else if (len >= 24 && any->sa_family == AF_INET6) { /* SIN6_LEN_RFC2133 */
		a.port = port_of(in6->sin6_port);
		ip = in6->sin6_addr.s6_addr;
		if (is_mapped(ip)) {
			ip += 12;
		} else {
			a.version = 6;
			n = 16;
		}
	} else {
		return false;
	}
	for (int i = 0; i < n; i++)
		a.ip[i] = ip[i];
	*ret = a;
	return true;
}

static bool parse4(const char *s, const char *end, uint8_t *ret)
{
	for (int i = 0; i < 4; i++) {
		const char *from = s;
		unsigned int v = 0;

		for (; s < end && *s >= '0' && *s <= '9' && s - from < 3; s++)
			v = v * 10 + (unsigned int)(*s - '0');
		if (s == from || v > 255 || (s - from > 1 && *from == '0'))
			return false;
		ret[i] = (uint8_t)v;
		if (i < 3 && (s == end || *s++ != '.'))
			return false;
	}
	return s == end;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One group of hexadecimal digits; the place behind it, or NULL. */
static const char *group(const char *s, const char *end, uint8_t *ret)
{
	unsigned int v = 0;
	const char *from = s;

	for (; s < end && hex_of(*s) >= 0 && s - from < 4; s++)
		v = v << 4 | (unsigned int)hex_of(*s);
	if (s == from || (s < end && *s != ':'))
		return NULL;
	ret[0] = (uint8_t)(v >> 8);
	ret[1] = (uint8_t)v;
	return s;
}

static bool parse6(const char *s, const char *end, uint8_t *ret)
{
	int n = 0, gap = -1;

	if (end - s >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	while (s < end) {
		const char *next = n <= 14 ? group(s, end, ret + n) : NULL;

		if (!next) { /* the last four bytes in decimal */
			if (n > 12 || !parse4(s, end, ret + n))
				return false;
			n += 4;
			break;
		}
		n += 2;
		s = next;
		if (s == end)
			break;
		if (++s == end)
			return false; /* a colon at the end */
		if (*s != ':')
			continue;
		if (gap >= 0)
			return false;
		gap = n;
		s++;
	}
	if (gap < 0)
		return n == 16;
	if (n > 14)
		return false;
	for (int i = 0; i < n - gap; i++)
		ret[15 - i] = ret[n - 1 - i];
	for (int i = gap; i < gap + 16 - n; i++)
		ret[i] = 0;
	return true;
}

bool addr_parse(const char *s, size_t n, struct addr *ret)
{
	struct addr a = { .version = 4, .port = ret->port };

	if (parse4(s, s + n, a.ip)) {
		*ret = a;
		return true;
	}
	a = (struct addr){ .version = 6, .port = ret->port };
	if (!n || !parse6(s, s + n, a.ip))
		return false;
	if (is_mapped(a.ip)) {
		a.version = 4;
		for (int i = 0; i < 16; i++)
			a.ip[i] = i < 4 ? a.ip[12 + i] : 0;
	}
	*ret = a;
	return true;
}

bool addr_mask(struct addr *a, unsigned int bits)
{
	bool cut = false;

	for (unsigned int i = 0; i < 16; i++) {
		unsigned int keep = bits > i * 8 ? bits - i * 8 : 0;
		uint8_t mask = keep >= 8 ? 0xff : (uint8_t)(0xff00 >> keep);

		cut |= a->ip[i] & ~mask;
		a->ip[i] &= mask;
	}
	return cut;
}

static void print6(struct text *t, const uint8_t *ip)
{
	int best = -1, best_n = 1;

	for (int i = 0, n = 0; i < 8; i++) { /* the longest run of zeros, RFC 5952 */
		n = ip[2 * i] || ip[2 * i + 1] ? 0 : n + 1;
		if (n > best_n) {
			best_n = n;
			best = i - n + 1;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			text_str(t, "::");
			i += best_n - 1;
			continue;
		}
		if (i && i != best + best_n)
			text_char(t, ':');
		text_hex(t, (uint64_t)(ip[2 * i] << 8 | ip[2 * i + 1]));
	}
}

void addr_print_host(struct text *t, const struct addr *a)
{
	if (a->version == 6) {
		print6(t, a->ip);
		return;
	}
	for (int i = 0; i < 4; i++) {
		if (i)
			text_char(t, '.');
		text_num(t, a->ip[i]);
	}
}

void addr_print(struct text *t, const struct addr *a)
{
	if (a->version == 6)
		text_char(t, '[');
	addr_print_host(t, a);
	if (a->version == 6)
		text_char(t, ']');
	text_char(t, ':');
	text_num(t, a->port);
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->version == 4)
		return a->ip[0] == 127;
	for (int i = 0; i < 15; i++)
		if (a->ip[i])
			return false;
	return a->ip[15] == 1;
}

bool addr_is_link_local(const struct addr *a)
{
	return a->version == 6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

bool addr_same_host(const struct addr *a, const struct addr *b)
{
	for (int i = 0; i < 16; i++)
		if (a->ip[i] != b->ip[i])
			return false;
	return a->version == b->version;
}

static uint64_t mix(uint64_t h, uint64_t with)
{
	h = (h ^ with) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

uint64_t addr_hash(const struct addr *a)
{
	uint64_t half[2];

	__builtin_memcpy(half, a->ip, sizeof(half));
	return mix(mix(mix(a->version, half[0]), half[1]), a->port);
}
