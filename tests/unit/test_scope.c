/* SPDX-License-Identifier: MIT */
/* core/scope: the head of a section: each target and qualifier, each sentence and its
 * place. */
#include "reading.h"
#include "unit.h"

static const struct reading_row rows[] = {
	{ "[connect program=]", "1:18: a name is missing here\n" },
	{ "[connect program=a,]", "1:18: a name is missing here\n" },
	{ "[connect program=,a]", "1:18: a name is missing here\n" },
	{ "[connect user=a\"b]", "1:15: a name has no quotes, brackets or '='\n" },
	{ "[connect user=a=b]", "1:15: a name has no quotes, brackets or '='\n" },
	{ "[connect user= a]", "1:15: a name is missing here\n" },
	{ "[connect Program=a]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[leaks *:443]",
	  "1:8: this section takes program= and user=, and no targets\n" },
	{ "[log 10.0.0.1 user=a]",
	  "1:6: this section takes program= and user=, and no targets\n" },
	{ "[listen a.example:443]", "1:9: a listener is found by its address: a host "
				    "name has no meaning here\n" },
	{ "[listen *.example]", "1:9: a listener is found by its address: a host name "
				"has no meaning here\n" },
	{ "[connect 10.0.0.1/33]",
	  "1:19: a prefix length is a number from 0 to 32 here\n" },
	{ "[connect 10.0.0.1/]",
	  "1:19: a prefix length is a number from 0 to 32 here\n" },
	{ "[connect 10.0.0.1/x]",
	  "1:19: a prefix length is a number from 0 to 32 here\n" },
	{ "[connect 10.0.0.1/8]",
	  "1:10: this address has bits behind its prefix; it begins at 10.0.0.0\n" },
	{ "[connect ::1/129]",
	  "1:14: a prefix length is a number from 0 to 128 here\n" },
	{ "[connect 2001:db8::1/32]",
	  "1:10: this address has bits behind its prefix; it begins at 2001:db8::\n" },
	{ "[connect ::ffff:10.0.0.0/104]",
	  "1:26: an IPv4 address in IPv6 form takes no prefix length\n" },
	{ "[connect ::ffff:10.0.0.1]", "[connect 10.0.0.1]\n" },
	{ "[connect [::ffff:10.0.0.1]:5]", "[connect 10.0.0.1:5]\n" },
	{ "[connect [::1]]", "[connect ::1]\n" },
	{ "[connect [::1]:443]", "[connect [::1]:443]\n" },
	{ "[connect [::1]443]", "1:15: ':' and ports are expected here\n" },
	{ "[connect [::1:443]", "1:10: the ']' of this address is missing\n" },
	{ "[connect [1.2.3.4]:80]", "[connect 1.2.3.4:80]\n" },
	{ "[connect [x]:80]", "1:10: there is no IPv6 address in these brackets\n" },
	{ "[connect []:80]", "1:10: there is no IPv6 address in these brackets\n" },
	{ "[connect [*]:80]", "1:10: there is no IPv6 address in these brackets\n" },
	{ "[connect ::1:443]", "[connect ::1:443]\n" },
	{ "[connect fe80::1%eth0]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect 1.2.3]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect 01.2.3.4]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect 256.1.1.1]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect 10/8]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect :443]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect *:0]", "1:12: a port is a number from 1 to 65535\n" },
	{ "[connect *:65536]", "1:12: a port is a number from 1 to 65535\n" },
	{ "[connect *:]", "1:12: a port is a number from 1 to 65535\n" },
	{ "[connect *:80,]", "1:15: a port is a number from 1 to 65535\n" },
	{ "[connect *:80-]", "1:12: a port is a number from 1 to 65535\n" },
	{ "[connect *:90-80]", "1:12: this range of ports runs backwards\n" },
	{ "[connect *:80;90]",
	  "1:14: ports are numbers and ranges with commas between\n" },
	{ "[connect *:80,90-100,443]", "[connect *:80,90-100,443]\n" },
	{ "[connect *:http]", "1:12: a port is a number from 1 to 65535\n" },
	{ "[connect www.EXAMPLE.com.]", "[connect www.example.com]\n" },
	{ "[connect ex_am-ple]", "[connect ex_am-ple]\n" },
	{ "[connect m\xc3\xbc"
	  "nchen.de]",
	  "1:10: a host name stands here in its ASCII form (xn--...)\n" },
	{ "[connect xn--mnchen-3ya.de]", "[connect xn--mnchen-3ya.de]\n" },
	{ "[connect a..b]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect .a]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect *.]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect *.*.a]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect **]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect a*]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect "
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect 10.0.0.0/0 ::/0]",
	  "1:10: this address has bits behind its prefix; it begins at 0.0.0.0\n" },
	{ "[connect a.b:1 a.b:1]", "[connect a.b:1 a.b:1]\n" },
	{ "[connect 10.0.0.0/8:1-65535]", "[connect 10.0.0.0/8:1-65535]\n" },
	{ "[connect [2001:db8::/32]:443,80]", "[connect [2001:db8::/32]:443,80]\n" },
	{ "[connect 2001:DB8::0/32]", "[connect 2001:db8::/32]\n" },
	{ "[connect *.Example.COM:80 program=/usr/bin/a,b,c user=0,alice]",
	  "[connect *.example.com:80 program=/usr/bin/a,b,c user=0,alice]\n" },
	{ "[connect program=a program=b]", "[connect program=a,b]\n" },
	{ "[connect user=a program=b *]", "[connect * program=b user=a]\n" },
	{ "[connect 10.0.0.0/08]", "[connect 10.0.0.0/8]\n" },
	{ "[connect 0.0.0.0/0 ::/0]", "[connect 0.0.0.0/0 ::/0]\n" },
	{ "[connect * a:1 ]", "[connect * a:1]\n" },
	{ "[connect [::1]:]", "1:16: a port is a number from 1 to 65535\n" },
	{ "[connect a:1:2]",
	  "1:10: this is neither an address, a CIDR, a host name, a *.suffix nor *\n" },
	{ "[connect [fe80::1%eth0]:80]",
	  "1:10: there is no IPv6 address in these brackets\n" },
	{ "[connect *.a.b. ]", "[connect *.a.b]\n" },
	{ "[connect 10.0.0.1/8 a:0 b..c user=]",
	  "1:10: this address has bits behind its prefix; it begins at 10.0.0.0\n1:23: "
	  "a port is a number from 1 to 65535\n1:25: this is neither an address, a "
	  "CIDR, a host name, a *.suffix nor *\n1:35: a name is missing here\n" },
};

START_TEST(reads)
{
	reading_is(&rows[_i]);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_loop_test(c, reads, 0, COUNT(rows));
}

int main(void)
{
	return unit_run("scope", all);
}
