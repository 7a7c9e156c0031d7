/* SPDX-License-Identifier: MIT */
/* core/value: what each type of a policy key takes, and how it is printed. */
#include <stdio.h>
#include <string.h>

#include "core/value.h"
#include "unit.h"

static const struct {
	enum value_type type;
	const char *text;
	int64_t value;
	const char *printed; /* NULL: as it was read */
} good[] = {
	{ VALUE_switch, "off", 0, NULL },
	{ VALUE_switch, "on", 1, NULL },
	{ VALUE_count, "0", 0, NULL },
	{ VALUE_count, "007", 7, "7" },
	{ VALUE_count, "1000000000000", INT64_C(1000000000000), NULL },
	{ VALUE_duration, "off", 0, NULL },
	{ VALUE_duration, "0", 0, "off" },
	{ VALUE_duration, "0d", 0, "off" },
	{ VALUE_duration, "1ms", 1, NULL },
	{ VALUE_duration, "1500ms", 1500, NULL },
	{ VALUE_duration, "1000ms", 1000, "1s" },
	{ VALUE_duration, "90s", 90000, NULL },
	{ VALUE_duration, "60s", 60000, "1min" },
	{ VALUE_duration, "90min", 5400000, NULL },
	{ VALUE_duration, "60min", 3600000, "1h" },
	{ VALUE_duration, "48h", 2 * DAY_MS, "2d" },
	{ VALUE_duration, "7d", 7 * DAY_MS, NULL },
	{ VALUE_duration, "11574d", 11574 * DAY_MS, NULL },
	{ VALUE_ratio, "1", 1000, NULL },
	{ VALUE_ratio, "1.", 1000, "1" },
	{ VALUE_ratio, "1.2", 1200, NULL },
	{ VALUE_ratio, "1.20", 1200, "1.2" },
	{ VALUE_ratio, "0.001", 1, NULL },
	{ VALUE_ratio, "1.05", 1050, NULL },
	{ VALUE_ratio, "1000000000.999", INT64_C(1000000000999), NULL },
	{ VALUE_fraction, "off", 0, NULL },
	{ VALUE_fraction, "1/1", 1, NULL },
	{ VALUE_fraction, "1/64", 64, NULL },
	{ VALUE_percent, "0%", 0, NULL },
	{ VALUE_percent, "080%", 80, "80%" },
	{ VALUE_keepalive, "off", 0, NULL },
	{ VALUE_keepalive, "60s/10s/5", INT64_C(60) << 32 | 10 << 8 | 5, NULL },
	{ VALUE_keepalive, "2min/1000ms/127", INT64_C(120) << 32 | 1 << 8 | 127,
	  "120s/1s/127" },
	{ VALUE_keepalive, "32767s/32767s/1", INT64_C(32767) << 32 | 32767 << 8 | 1,
	  NULL },
	{ VALUE_payload, "any", 0, NULL },
	{ VALUE_payload, "none", 3, NULL },
	{ VALUE_report, "off", 0, NULL },
	{ VALUE_report, "fatal", 3, NULL },
	{ VALUE_stacks, "full", 1, NULL },
	{ VALUE_level, "debug", 3, NULL },
	{ VALUE_format, "json", 1, NULL },
};

START_TEST(reads_and_prints)
{
	const char *text = good[_i].text;
	const char *printed = good[_i].printed ? good[_i].printed : text;
	int64_t v = -1, again = -1;
	TEXT(t, 96);

	ck_assert_ptr_null(value_parse(good[_i].type, text, strlen(text), &v));
	ck_assert_int_eq(v, good[_i].value);
	value_print(&t, good[_i].type, v);
	ck_assert_str_eq(t.at, printed);
	ck_assert_ptr_null(value_parse(good[_i].type, t.at, t.n, &again));
	ck_assert_int_eq(again, v);
}
END_TEST

static const struct {
	enum value_type type;
	const char *expected, *texts[12];
} bad[] = {
	{ VALUE_switch, "on or off", { "", "On", "yes", "1", "onn", "o", "on " } },
	{ VALUE_count,
	  "a whole number",
	  { "", "-1", "+1", "1.0", "1k", " 1", "1 ", "1000000000001",
	    "99999999999999999999999" } },
	{ VALUE_duration,
	  "a time with its unit (ms, s, min, h, d), or off",
	  { "", "5", "5m", "5 s", "-5s", "5S", "1.5s", "offf", "5sec", "11575d",
	    "333333333333d", "1000000000000h" } },
	{ VALUE_ratio,
	  "a number such as 1.2",
	  { "", ".5", "1,2", "1.2345", "1.2x", "-1", "1000000001" } },
	{ VALUE_fraction,
	  "a fraction such as 1/64, or off",
	  { "", "1/0", "2/64", "1/", "/64", "64", "1/64/2", "1 / 64", "0" } },
	{ VALUE_percent,
	  "a percentage such as 80%",
	  { "", "80", "%", "80 %", "80%%" } },
	{ VALUE_keepalive,
	  "off, or idle/interval/count such as 60s/10s/5",
	  { "", "on", "60s", "60s/10s", "60s/10s/", "60/10/5", "60s/10s/0",
	    "60s/10s/128", "1500ms/10s/5", "0s/10s/5", "32768s/10s/5",
	    "60s/10s/5/1" } },
	{ VALUE_payload, "any, auto, idempotent or none", { "", "all", "Auto" } },
	{ VALUE_report, "off, count, exit or fatal", { "", "on", "exits" } },
	{ VALUE_stacks, "caller or full", { "", "off", "callers" } },
	{ VALUE_level, "off, error, info or debug", { "", "warn", "2" } },
	{ VALUE_format, "logfmt or json", { "", "JSON", "text" } },
	{ VALUE_word,
	  "a word of at most 15 letters, digits, - and _",
	  { "", "a b", "a.b", "1234567890123456", "b\xc3\xa9" } },
	{ VALUE_path,
	  "a path of at most 255 characters that begins with /",
	  { "", "etc", "./x", "~/x" } },
};

START_TEST(says_what_it_has_to_be)
{
	for (int i = 0; i < 12 && bad[_i].texts[i]; i++) {
		const char *text = bad[_i].texts[i], *said;
		int64_t v = 0;

		said = value_parse(bad[_i].type, text, strlen(text), &v);
		ck_assert_msg(said, "'%s' is taken", text);
		ck_assert_str_eq(said, bad[_i].expected);
	}
}
END_TEST

/* They stay text: only checked. */
START_TEST(texts)
{
	char path[300];
	int64_t v = UNTOUCHED;

	ck_assert_ptr_null(value_parse(VALUE_text, "", 0, &v));
	ck_assert_ptr_null(value_parse(VALUE_text, "a \"b\"", 5, &v));
	ck_assert_ptr_null(value_parse(VALUE_word, "cubic_2-X", 9, &v));
	ck_assert_ptr_null(value_parse(VALUE_word, "123456789012345", 15, &v));
	ck_assert_ptr_null(value_parse(VALUE_path, "/", 1, &v));
	memset(path, '/', sizeof(path));
	ck_assert_ptr_null(value_parse(VALUE_path, path, 255, &v));
	ck_assert_ptr_nonnull(value_parse(VALUE_path, path, 256, &v));
	ck_assert_int_eq(v, UNTOUCHED);
}
END_TEST

START_TEST(keepalive_in_parts)
{
	struct value_keepalive k = value_keepalive(0);
	int64_t v = 0;

	ck_assert_int_eq(k.idle_s, 0);
	ck_assert_ptr_null(value_parse(VALUE_keepalive, "2h/75s/9", 8, &v));
	k = value_keepalive(v);
	ck_assert_int_eq(k.idle_s, 7200);
	ck_assert_int_eq(k.interval_s, 75);
	ck_assert_int_eq(k.count, 9);
}
END_TEST

/* Only the n bytes that were given. */
START_TEST(reads_no_further)
{
	int64_t v = 0;

	ck_assert_ptr_null(value_parse(VALUE_count, "123", 2, &v));
	ck_assert_int_eq(v, 12);
	ck_assert_ptr_nonnull(value_parse(VALUE_duration, "5min", 2, &v));
	ck_assert_ptr_null(value_parse(VALUE_switch, "only", 2, &v));
	ck_assert_ptr_null(value_parse(VALUE_ratio, "1.25", 3, &v));
	ck_assert_int_eq(v, 1200);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_loop_test(c, reads_and_prints, 0, COUNT(good));
	tcase_add_loop_test(c, says_what_it_has_to_be, 0, COUNT(bad));
	tcase_add_test(c, texts);
	tcase_add_test(c, keepalive_in_parts);
	tcase_add_test(c, reads_no_further);
}

int main(void)
{
	return unit_run("value", all);
}
