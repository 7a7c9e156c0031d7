/* SPDX-License-Identifier: MIT */
/*
 * fuzz_addr: bytes as text and as a sockaddr: libc reads the same text as an address,
 * and what is printed is read as the same; targets too.
 */
#include <arpa/inet.h>
#include <string.h>

#include "core/scope.h"
#include "fuzz.h"

static bool libc_reads(const char *s, size_t n, struct addr *ret)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[80];

	if (n >= sizeof(text) || memchr(s, 0, n))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return addr_read(&in4, sizeof(in4), ret);
	return inet_pton(AF_INET6, text, &in6.sin6_addr) == 1 &&
	       addr_read(&in6, sizeof(in6), ret);
}

static void same_again(const struct addr *a)
{
	struct addr again = { .port = 7 };
	TEXT(host, 64);

	addr_print_host(&host, a);
	MUST(addr_parse(host.at, host.n, &again));
	MUST(addr_same_host(a, &again) && again.port == 7);
}

static void as_address(const char *s, size_t n)
{
	struct addr ours = { .port = 77 }, theirs;
	bool read = addr_parse(s, n, &ours);

	MUST(n >= 80 || read == libc_reads(s, n, &theirs));
	MUST(ours.port == 77);
	if (!read)
		return;
	if (n < 80)
		MUST(addr_same_host(&ours, &theirs));
	same_again(&ours);
	for (unsigned int bits = 0; bits <= 128; bits++) {
		struct addr cut = ours;

		addr_mask(&cut, bits);
		MUST(!addr_mask(&cut, bits));
	}
}

static void as_sockaddr(const uint8_t *bytes, size_t n)
{
	struct addr a = { .port = 0 };
	TEXT(t, 64);

	if (!addr_read(bytes, (socklen_t)n, &a))
		return;
	MUST(a.version == 4 || a.version == 6);
	addr_print(&t, &a);
	MUST(t.n >= strlen("[::]:0") && t.n + 1 < t.room);
	same_again(&a);
}

static void put(void *to, const char *bytes, size_t n)
{
	struct text *t = to;

	for (; n; n--)
		text_char(t, *bytes++);
}

static void as_target(const char *s, size_t n)
{
	struct arena arena = { NULL, 0 };
	struct scope_target target, again;
	size_t at = 0;
	TEXT(why, 128);
	static char room[2][1 << 17];
	struct text first = { room[0], 0, sizeof(room[0]) };
	struct text second = { room[1], 0, sizeof(room[1]) };
	struct sink sink = { put, &first }, other = { put, &second };

	if (scope_target_parse(&arena, s, n, &target, &at, &why)) {
		MUST(at <= n);
	} else {
		scope_target_print(&sink, &target);
		MUST(!scope_target_parse(&arena, first.at, first.n, &again, &at, &why));
		scope_target_print(&other, &again);
		MUST(first.n == second.n && !memcmp(first.at, second.at, first.n));
	}
	arena_drop(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	as_address((const char *)bytes, n);
	as_target((const char *)bytes, n);
	as_sockaddr(bytes, n);
	return 0;
}
