/* SPDX-License-Identifier: MIT */
/* core/setting: a line "key = value": each sentence and its place. */
#include "reading.h"
#include "unit.h"

static const struct reading_row rows[] = {
	{ "[connect]\ntfo = ", "2:6: 'tfo' must be on or off\n" },
	{ "[connect]\n= on", "2:1: there is no key ''\n" },
	{ "[connect]\ntfo = yes", "2:7: 'tfo' must be on or off, not 'yes'\n" },
	{ "[connect]\ntfo = on\ntfo = off",
	  "3:1: 'tfo' is set twice in this section\n" },
	{ "[connect]\ntf0 = on", "2:1: there is no key 'tf0'; did you mean 'tfo'?\n" },
	{ "[connect]\nqlen = 5", "2:1: 'qlen' belongs into a section listen\n" },
	{ "[connect]\nqlem = 5", "2:1: there is no key 'qlem'\n" },
	{ "[connect]\nxxxxxxxxxxxx = 5", "2:1: there is no key 'xxxxxxxxxxxx'\n" },
	{ "[connect]\nreason = plain",
	  "2:10: 'reason' must be a text in double quotes, not 'plain'\n" },
	{ "[connect]\nreason = \"a", "2:10: the closing '\"' is missing\n" },
	{ "[connect]\nreason = \"a\" b",
	  "2:13: the line goes on behind the closing '\"'\n" },
	{ "[connect]\nreason = \"a\\b\"",
	  "2:13: behind a backslash stands '\"' or '\\'\n" },
	{ "[connect]\nreason = \"a\\", "2:10: the closing '\"' is missing\n" },
	{ "[connect]\nreason = \"a\\\\\" # comment",
	  "[connect]\nreason = \"a\\\\\"\n" },
	{ "[connect]\nreason = \"a\\\"b # not\"   # comment",
	  "[connect]\nreason = \"a\\\"b # not\"\n" },
	{ "[connect]\nreason = \"] # [x]\"", "[connect]\nreason = \"] # [x]\"\n" },
	{ "[connect]\nreason = \"\"", "[connect]\nreason = \"\"\n" },
	{ "[connect]\nstrikes = 0",
	  "2:11: 'strikes' must be between 1 and 100, not '0'\n" },
	{ "[connect]\nstrikes = 101",
	  "2:11: 'strikes' must be between 1 and 100, not '101'\n" },
	{ "[connect]\nstrikes = -1",
	  "2:11: 'strikes' must be a whole number, not '-1'\n" },
	{ "[connect]\nstrikes = 99999999999999999999",
	  "2:11: 'strikes' must be a whole number, not '99999999999999999999'\n" },
	{ "[connect]\nproven-for = 8d",
	  "2:14: 'proven-for' must be between 1ms and 7d, or off, not '8d'\n" },
	{ "[connect]\npause = 0", "2:9: 'pause' must be between 1s and 7d, not '0'\n" },
	{ "[connect]\npause = off",
	  "2:9: 'pause' must be between 1s and 7d, not 'off'\n" },
	{ "[connect]\npause = 500ms",
	  "2:9: 'pause' must be between 1s and 7d, not '500ms'\n" },
	{ "[connect]\npause = 5", "2:9: 'pause' must be a time with its unit (ms, s, "
				  "min, h, d), or off, not '5'\n" },
	{ "[connect]\npause = 5 s", "2:9: 'pause' must be a time with its unit (ms, s, "
				    "min, h, d), or off, not '5 s'\n" },
	{ "[connect]\npause = 5m", "2:9: 'pause' must be a time with its unit (ms, s, "
				   "min, h, d), or off, not '5m'\n" },
	{ "[connect]\nslower-than = 0.9",
	  "2:15: 'slower-than' must be between 1 and 100, not '0.9'\n" },
	{ "[connect]\nslower-than = 1.2345",
	  "2:15: 'slower-than' must be a number such as 1.2, not '1.2345'\n" },
	{ "[connect]\nslower-than = 1.", "[connect]\nslower-than = 1\n" },
	{ "[connect]\nslower-than = .5",
	  "2:15: 'slower-than' must be a number such as 1.2, not '.5'\n" },
	{ "[connect]\nbaseline = 1/0",
	  "2:12: 'baseline' must be a fraction such as 1/64, or off, not '1/0'\n" },
	{ "[connect]\nbaseline = 2/64",
	  "2:12: 'baseline' must be a fraction such as 1/64, or off, not '2/64'\n" },
	{ "[connect]\nbaseline = 1/1000001", "2:12: 'baseline' must be between 1/1 and "
					     "1/1000000, or off, not '1/1000001'\n" },
	{ "[connect]\nkeepalive = 60s/10s",
	  "2:13: 'keepalive' must be off, or idle/interval/count such as 60s/10s/5, "
	  "not '60s/10s'\n" },
	{ "[connect]\nkeepalive = 60s/10s/128",
	  "2:13: 'keepalive' must be off, or idle/interval/count such as 60s/10s/5, "
	  "not '60s/10s/128'\n" },
	{ "[connect]\nkeepalive = 1500ms/10s/5",
	  "2:13: 'keepalive' must be off, or idle/interval/count such as 60s/10s/5, "
	  "not '1500ms/10s/5'\n" },
	{ "[connect]\nkeepalive = 32768s/1s/1",
	  "2:13: 'keepalive' must be off, or idle/interval/count such as 60s/10s/5, "
	  "not '32768s/1s/1'\n" },
	{ "[connect]\nkeepalive = 2min/1min/127",
	  "[connect]\nkeepalive = 120s/60s/127\n" },
	{ "[connect]\ncongestion = b.b", "2:14: 'congestion' must be a word of at most "
					 "15 letters, digits, - and _, not 'b.b'\n" },
	{ "[connect]\ncongestion = abcdefghijklmnop",
	  "2:14: 'congestion' must be a word of at most 15 letters, digits, - and _, "
	  "not 'abcdefghijklmnop'\n" },
	{ "[connect]\ncongestion = \"bbr\"", "[connect]\ncongestion = bbr\n" },
	{ "[connect]\nuser-timeout = 2d",
	  "2:16: 'user-timeout' must be between 1ms and 1d, or off, not '2d'\n" },
	{ "[listen]\nqlen = 65536",
	  "2:8: 'qlen' must be between 1 and 65535, not '65536'\n" },
	{ "[listen]\nkey-file = etc", "2:12: 'key-file' must be a path of at most 255 "
				      "characters that begins with /, not 'etc'\n" },
	{ "[listen]\nkey-file = ", "2:11: 'key-file' must be a path of at most 255 "
				   "characters that begins with /\n" },
	{ "[listen]\nkey-file = \"/a b\"", "[listen]\nkey-file = \"/a b\"\n" },
	{ "[listen]\nkey-file = /a b # c", "[listen]\nkey-file = \"/a b\"\n" },
	{ "[leaks]\nwarn-at = 0%",
	  "2:11: 'warn-at' must be between 1% and 100%, not '0%'\n" },
	{ "[leaks]\nwarn-at = 80",
	  "2:11: 'warn-at' must be a percentage such as 80%, not '80'\n" },
	{ "[leaks]\nreport = all",
	  "2:10: 'report' must be off, count, exit or fatal, not 'all'\n" },
	{ "[leaks]\nstacks = none",
	  "2:10: 'stacks' must be caller or full, not 'none'\n" },
	{ "[log]\nlevel = warn",
	  "2:9: 'level' must be off, error, info or debug, not 'warn'\n" },
	{ "[connect]\n reason=\"a\tb\"", "[connect]\nreason = \"a\tb\"\n" },
	{ "[connect]\nno cookie = on",
	  "2:1: there is no key 'no cookie'; did you mean 'no-cookie'?\n" },
	{ "[connect]\nTFO = on", "2:1: there is no key 'TFO'\n" },
	{ "[connect]\ntfo = \"on\"", "2:7: 'tfo' must be on or off, not '\"on\"'\n" },
	{ "[connect]\nreason = \"a\" # b", "[connect]\nreason = \"a\"\n" },
	{ "[connect]\ntfo = on#c", "2:7: 'tfo' must be on or off, not 'on#c'\n" },
	{ "[connect]\ntfo = on # c", "[connect]\ntfo = on\n" },
	{ "[connect]\ntfo=on", "[connect]\ntfo = on\n" },
	{ "[connect]\n  tfo\t=\ton  ", "[connect]\ntfo = on\n" },
	{ "[connect]\nreason = \" a  b \"", "[connect]\nreason = \" a  b \"\n" },
	{ "[connect]\nreason = \"\\\\\\\\\"", "[connect]\nreason = \"\\\\\\\\\"\n" },
	{ "[connect]\nreason = a\" # \"b",
	  "2:10: 'reason' must be a text in double quotes, not 'a\" # \"b'\n" },
	{ "[listen]\nkey-file = /a#b", "[listen]\nkey-file = \"/a#b\"\n" },
	{ "[listen]\nkey-file = \"/a # b\"", "[listen]\nkey-file = \"/a # b\"\n" },
	{ "[connect]\nqlen = 5\nnodelay = o\nkey-file = /x\nstrikes = 0",
	  "2:1: 'qlen' belongs into a section listen\n3:11: 'nodelay' must be on or "
	  "off, not 'o'\n4:1: 'key-file' belongs into a section listen\n5:11: "
	  "'strikes' must be between 1 and 100, not '0'\n" },
	{ "[leaks]\nlevel = info", "2:1: 'level' belongs into a section log\n" },
	{ "[log]\ntfo = on", "2:1: 'tfo' belongs into a section connect\n" },
	{ "[log]\nfile = /a \"b\" c", "[log]\nfile = \"/a \\\"b\\\" c\"\n" },
	{ "[connect]\nnodelay = off\ntfo = on\nreason = \"z\"",
	  "[connect]\ntfo = on\nreason = \"z\"\nnodelay = off\n" },
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
	return unit_run("setting", all);
}
