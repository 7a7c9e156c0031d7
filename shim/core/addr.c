/* SPDX-License-Identifier: MIT */
/* addr: addresses and ports; see addr.h. */
#include "core/addr.h"

#include <netinet/in.h>

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
	text_char(t, '[');
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
	text_char(t, ']');
}

void addr_print(struct text *t, const struct addr *a)
{
	if (a->version == 6) {
		print6(t, a->ip);
	} else {
		for (int i = 0; i < 4; i++) {
			if (i)
				text_char(t, '.');
			text_num(t, a->ip[i]);
		}
	}
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

uint64_t addr_hash(const struct addr *a)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, then mixed */

	for (int i = 0; i < 16; i++)
		h = (h ^ a->ip[i]) * 0x100000001b3u;
	h = (h ^ a->port) * 0x100000001b3u;
	h = (h ^ a->version) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}
