/* SPDX-License-Identifier: MIT */
/* core/addr: addresses: read, parsed, printed, asked about. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "unit.h"

static struct addr addr_from(const char *ip, uint16_t port)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct addr a;

	if (inet_pton(AF_INET, ip, &in4.sin_addr) == 1) {
		ck_assert(addr_read(&in4, sizeof(in4), &a));
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
		ck_assert(addr_read(&in6, sizeof(in6), &a));
	}
	return a;
}

static const struct {
	const char *ip, *printed;
} samples[] = {
	{ "0.0.0.0", "0.0.0.0:443" },
	{ "255.255.255.255", "255.255.255.255:443" },
	{ "192.0.2.10", "192.0.2.10:443" },
	{ "::", "[::]:443" },
	{ "::1", "[::1]:443" },
	{ "1::", "[1::]:443" },
	{ "::ffff:192.0.2.10", "192.0.2.10:443" },
	{ "::ffff:0.0.0.0", "0.0.0.0:443" },
	{ "::192.0.2.10", "[::c000:20a]:443" },
	{ "64:ff9b::192.0.2.33", "[64:ff9b::c000:221]:443" },
	/* RFC 5952, sections 4.1 to 4.3 */
	{ "2001:0db8:0000:0000:0000:0000:0002:0001", "[2001:db8::2:1]:443" },
	{ "2001:db8::0001", "[2001:db8::1]:443" },
	{ "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:443" },
	{ "2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:443" },
	{ "2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:443" },
	{ "2001:db8::aaaa:BBBB:CCcc:1", "[2001:db8::aaaa:bbbb:cccc:1]:443" },
	{ "0:1:0:1:0:1:0:1", "[0:1:0:1:0:1:0:1]:443" },
	{ "1:2:3:4:5:6:0:0", "[1:2:3:4:5:6::]:443" },
	{ "0:0:3:4:5:6:7:8", "[::3:4:5:6:7:8]:443" },
	{ "fe80::1", "[fe80::1]:443" },
};

START_TEST(addr_prints)
{
	struct addr a = addr_from(samples[_i].ip, 443);
	TEXT(t, 64);

	addr_print(&t, &a);
	ck_assert_str_eq(t.at, samples[_i].printed);
}
END_TEST

/* What inet_ntop says is what we say, where both write hexadecimal. */
START_TEST(addr_prints_as_libc)
{
	for (int i = 0; i < 20000; i++) {
		char libc[INET6_ADDRSTRLEN], expected[80];
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					    .sin6_port = htons(7) };
		struct addr a;
		TEXT(t, 64);

		for (int k = 0; k < 8; k++)
			if (unit_dice() & 1)
				in6.sin6_addr.s6_addr[2 * k + 1] = (uint8_t)unit_dice();
		ck_assert(addr_read(&in6, sizeof(in6), &a));
		inet_ntop(AF_INET6, &in6.sin6_addr, libc, sizeof(libc));
		if (strchr(libc, '.'))
			continue;
		snprintf(expected, sizeof(expected), "[%s]:7", libc);
		addr_print(&t, &a);
		ck_assert_str_eq(t.at, expected);
	}
}
END_TEST

START_TEST(addr_reads)
{
	struct sockaddr_storage any = { .ss_family = AF_INET };
	struct addr a = { .port = 77 };

	ck_assert(!addr_read(&any, 0, &a));
	ck_assert(!addr_read(&any, 15, &a));
	ck_assert(addr_read(&any, 16, &a));
	ck_assert(addr_read(&any, sizeof(any), &a));
	any.ss_family = AF_INET6;
	a.port = 77;
	ck_assert(!addr_read(&any, 16, &a));
	ck_assert(!addr_read(&any, 23, &a)); /* SIN6_LEN_RFC2133 is 24 */
	ck_assert_uint_eq(a.port, 77);	     /* untouched on failure */
	ck_assert(addr_read(&any, 24, &a));
	any.ss_family = AF_UNIX;
	ck_assert(!addr_read(&any, sizeof(any), &a));
	any.ss_family = AF_UNSPEC;
	ck_assert(!addr_read(&any, sizeof(any), &a));
	a = addr_from("192.0.2.10", 65535);
	ck_assert_uint_eq(a.port, 65535);
	ck_assert_uint_eq(a.version, 4);
}
END_TEST

START_TEST(addr_asks)
{
	static const struct {
		const char *ip;
		bool loopback, link_local;
	} rows[] = {
		{ "127.0.0.1", true, false },
		{ "127.255.255.255", true, false },
		{ "128.0.0.1", false, false },
		{ "::1", true, false },
		{ "::", false, false },
		{ "::2", false, false },
		{ "1::1", false, false },
		{ "::ffff:127.0.0.1", true, false },
		{ "fe80::1", false, true },
		{ "febf::1", false, true },
		{ "fec0::1", false, false },
		{ "254.128.0.1", false, false }, /* fe.80 */
	};
	struct addr a = addr_from("192.0.2.1", 1), b = addr_from("::ffff:192.0.2.1", 1);
	struct addr c = addr_from("c000:201::", 1), other = addr_from("192.0.2.1", 2);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr x = addr_from(rows[i].ip, 9);

		ck_assert_msg(addr_is_loopback(&x) == rows[i].loopback, "%s",
			      rows[i].ip);
		ck_assert_msg(addr_is_link_local(&x) == rows[i].link_local, "%s",
			      rows[i].ip);
	}
	ck_assert(addr_same_host(&a, &b));
	ck_assert(addr_same_host(&a, &other));
	ck_assert(!addr_same_host(&a, &c)); /* the same first bytes */
	ck_assert(addr_hash(&a) == addr_hash(&b));
	ck_assert(addr_hash(&a) != addr_hash(&other));
	ck_assert(addr_hash(&a) != addr_hash(&c));
}
END_TEST

static const char *const no_addresses[] = {
	"",
	".",
	"1",
	"1.2.3",
	"1.2.3.4.5",
	"1.2.3.",
	".1.2.3",
	"1..2.3",
	"256.1.1.1",
	"1.2.3.256",
	"01.2.3.4",
	"1.2.3.04",
	"1.2.3.4 ",
	" 1.2.3.4",
	"1.2.3.x",
	"1.2.3.-4",
	"0x7f.0.0.1",
	"1.2.3.1000",
	":",
	":::",
	"::1::",
	"1::2::3",
	"1:",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:",
	":1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:8:9",
	"1:2:3:4:5:6:7:8::",
	"12345::",
	"::g",
	"::1.2.3",
	"::1.2.3.4.5",
	"::1.2.3.4:5",
	"1.2.3.4::",
	"fe80::1%1",
	"[::1]",
	"::1/128",
	"1:2:3:4:5:6:7:1.2.3.4",
	"-1::",
	"localhost",
};

START_TEST(addr_parses)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct addr a = { .port = 77 }, b = addr_from(samples[i].ip, 77);

		ck_assert_msg(addr_parse(samples[i].ip, strlen(samples[i].ip), &a),
			      "%s", samples[i].ip);
		ck_assert_msg(addr_same_host(&a, &b), "%s", samples[i].ip);
		ck_assert_uint_eq(a.port, 77); /* left alone */
	}
	for (size_t i = 0; i < COUNT(no_addresses); i++) {
		struct addr a = { .port = 77, .version = 9 };

		ck_assert_msg(!addr_parse(no_addresses[i], strlen(no_addresses[i]), &a),
			      "'%s' is taken", no_addresses[i]);
		ck_assert_uint_eq(a.version, 9); /* untouched on failure */
	}
}
END_TEST

/* What libc reads as an address we read, and nothing else. */
START_TEST(addr_parses_as_libc)
{
	static const char letters[] = ":::::....0012359afF";
	unsigned int read = 0;

	for (int i = 0; i < 300000; i++) {
		struct addr a = { .port = 0 };
		uint8_t libc[16];
		char text[32];
		size_t n = unit_dice() % 14;
		bool taken;

		for (size_t k = 0; k < n; k++)
			text[k] = letters[unit_dice() % (sizeof(letters) - 1)];
		text[n] = 0;
		taken = addr_parse(text, n, &a);
		ck_assert_msg(taken == (inet_pton(AF_INET, text, libc) == 1 ||
					inet_pton(AF_INET6, text, libc) == 1),
			      "'%s'", text);
		if (taken && a.version == 6)
			ck_assert_mem_eq(a.ip, libc, 16);
		read += taken;
	}
	ck_assert_uint_gt(read, 200);
}
END_TEST

START_TEST(addr_masks)
{
	static const struct {
		const char *ip;
		unsigned int bits;
		const char *net;
	} rows[] = {
		{ "10.1.2.3", 32, "10.1.2.3" },
		{ "10.1.2.3", 31, "10.1.2.2" },
		{ "10.1.2.3", 24, "10.1.2.0" },
		{ "10.255.2.3", 9, "10.128.0.0" },
		{ "255.1.2.3", 1, "128.0.0.0" },
		{ "10.1.2.3", 0, "0.0.0.0" },
		{ "10.1.2.3", 128, "10.1.2.3" },
		{ "::1", 128, "::1" },
		{ "2001:db8::1", 32, "2001:db8::" },
		{ "ffff::", 3, "e000::" },
		{ "::ff", 121, "::80" },
		{ "1::1", 0, "::" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = addr_from(rows[i].ip, 7), was = a;
		struct addr net = addr_from(rows[i].net, 7);
		bool cut = addr_mask(&a, rows[i].bits);

		ck_assert_msg(addr_same_host(&a, &net), "%s", rows[i].ip);
		ck_assert_msg(cut == !addr_same_host(&a, &was), "%s", rows[i].ip);
		ck_assert(!addr_mask(&a, rows[i].bits));
		ck_assert_uint_eq(a.port, 7);
	}
}
END_TEST

START_TEST(addr_prints_hosts)
{
	struct addr four = addr_from("192.0.2.1", 80),
		    six = addr_from("2001:db8::", 80);
	TEXT(t, 64);

	addr_print_host(&t, &four);
	text_char(&t, ' ');
	addr_print_host(&t, &six);
	ck_assert_str_eq(t.at, "192.0.2.1 2001:db8::");
}
END_TEST

static void all(TCase *c)
{
	tcase_add_loop_test(c, addr_prints, 0, COUNT(samples));
	tcase_add_test(c, addr_prints_as_libc);
	tcase_add_test(c, addr_reads);
	tcase_add_test(c, addr_asks);
	tcase_add_test(c, addr_parses);
	tcase_add_test(c, addr_parses_as_libc);
	tcase_add_test(c, addr_masks);
	tcase_add_test(c, addr_prints_hosts);
}

int main(void)
{
	return unit_run("addr", all);
}
