/* SPDX-License-Identifier: MIT */
/* value: the types of a policy key; see value.h. */
#include "core/value.h"

#define PATH_MOST 255
#define NUMBER_MOST INT64_C(1000000000000)

struct reader {
	const char *at, *end;
};

static bool more(const struct reader *r)
{
	return r->at < r->end;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool word(struct reader *r, const char *s)
{
	const char *at = r->at;

	for (; *s; s++, at++)
		if (at == r->end || *at != *s)
			return false;
	r->at = at;
	return true;
}

static bool whole_word(struct reader *r, const char *s)
{
	return word(r, s) && !more(r);
}

static bool number(struct reader *r, int64_t *ret)
{
	int64_t n = 0;

	if (!more(r) || !is_digit(*r->at))
		return false;
	for (; more(r) && is_digit(*r->at); r->at++) {
		n = n * 10 + (*r->at - '0');
		if (n > NUMBER_MOST)
			return false;
	}
	*ret = n;
	return true;
}

/* The longest first: "ms" before "m". */
static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "ms", 1 },	      { "s", SECOND_MS },
	{ "min", MINUTE_MS }, { "h", 60 * MINUTE_MS },
	{ "d", DAY_MS },
};

static bool duration(struct reader *r, int64_t *ret)
{
	int64_t n;

	if (!number(r, &n))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (word(r, units[i].name)) {
			if (n > NUMBER_MOST / units[i].ms)
				return false;
			*ret = n * units[i].ms;
			return true;
		}
	*ret = 0;
	return n == 0; /* 0 needs no unit */
}

static void print_duration(struct text *t, int64_t ms)
{
	size_t i = sizeof(units) / sizeof(*units) - 1;

	while (i && (ms % units[i].ms || ms < units[i].ms))
		i--;
	text_num(t, (uint64_t)(ms / units[i].ms));
	text_str(t, units[i].name);
}

static bool ratio(struct reader *r, int64_t *ret)
{
	int64_t n, digits = 0, part = 0;

	if (!number(r, &n) || n > NUMBER_MOST / 1000)
		return false;
	if (word(r, "."))
		for (; more(r) && is_digit(*r->at) && digits < 3; r->at++, digits++)
			part = part * 10 + (*r->at - '0');
	for (; digits < 3; digits++)
		part *= 10;
	*ret = n * 1000 + part;
	return true;
}

static void print_ratio(struct text *t, int64_t thousandths)
{
	text_num(t, (uint64_t)(thousandths / 1000));
	thousandths %= 1000;
	if (!thousandths)
		return;
	text_char(t, '.');
	for (int64_t unit = 100; thousandths; unit /= 10) {
		text_char(t, (char)('0' + thousandths / unit));
		thousandths %= unit;
	}
}

/* idle, interval: 20 bits of seconds each; count: 7 bits (tcp(7): at most 127). */
#define SECONDS_MOST 32767
#define PROBES_MOST 127

static bool seconds(struct reader *r, int64_t *ret)
{
	if (!duration(r, ret) || *ret % SECOND_MS)
		return false;
	*ret /= SECOND_MS;
	return *ret >= 1 && *ret <= SECONDS_MOST;
}

static bool keepalive(struct reader *r, int64_t *ret)
{
	int64_t idle, interval, count;

	if (!seconds(r, &idle) || !word(r, "/") || !seconds(r, &interval) ||
	    !word(r, "/") || !number(r, &count) || count < 1 || count > PROBES_MOST)
		return false;
	*ret = idle << 32 | interval << 8 | count;
	return true;
}

struct value_keepalive value_keepalive(int64_t value)
{
	return (struct value_keepalive){ (int)(value >> 32),
					 (int)(value >> 8 & 0xffffff),
					 (int)(value & 0xff) };
}

static void print_keepalive(struct text *t, int64_t value)
{
	struct value_keepalive k = value_keepalive(value);

	text_num(t, (uint64_t)k.idle_s);
	text_str(t, "s/");
	text_num(t, (uint64_t)k.interval_s);
	text_str(t, "s/");
	text_num(t, (uint64_t)k.count);
}

static bool fraction(struct reader *r, int64_t *ret)
{
	return word(r, "1/") && number(r, ret) && *ret > 0;
}

static bool percent(struct reader *r, int64_t *ret)
{
	return number(r, ret) && word(r, "%");
}

static const char *const words_of[][5] = {
	[VALUE_switch] = { "off", "on" },
	[VALUE_payload] = { "any", "auto", "idempotent", "none" },
	[VALUE_report] = { "off", "count", "exit", "fatal" },
	[VALUE_stacks] = { "caller", "full" },
	[VALUE_level] = { "off", "error", "info", "debug" },
	[VALUE_format] = { "logfmt", "json" },
};

static bool one_word(enum value_type t, struct reader *r, int64_t *ret)
{
	for (int i = 0; i < 5 && words_of[t][i]; i++)
		if (whole_word(r, words_of[t][i])) {
			*ret = i;
			return true;
		}
	return false;
}

static bool plain_word(const struct reader *r)
{
	for (const char *p = r->at; p < r->end; p++)
		if (!is_digit(*p) && !(*p >= 'a' && *p <= 'z') &&
		    !(*p >= 'A' && *p <= 'Z') && *p != '-' && *p != '_')
			return false;
	return more(r) && r->end - r->at < 16; /* TCP_CA_NAME_MAX */
}

static const char *const expected[] = {
	[VALUE_switch] = "on or off",
	[VALUE_count] = "a whole number",
	[VALUE_duration] = "a time with its unit (ms, s, min, h, d), or off",
	[VALUE_ratio] = "a number such as 1.2",
	[VALUE_fraction] = "a fraction such as 1/64, or off",
	[VALUE_percent] = "a percentage such as 80%",
	[VALUE_keepalive] = "off, or idle/interval/count such as 60s/10s/5",
	[VALUE_payload] = "any, auto, idempotent or none",
	[VALUE_report] = "off, count, exit or fatal",
	[VALUE_stacks] = "caller or full",
	[VALUE_level] = "off, error, info or debug",
	[VALUE_format] = "logfmt or json",
	[VALUE_text] = "a text in double quotes",
	[VALUE_word] = "a word of at most 15 letters, digits, - and _",
	[VALUE_path] = "a path of at most 255 characters that begins with /",
};

static bool read_value(enum value_type t, struct reader *r, int64_t *ret)
{
	switch (t) {
	case VALUE_count:
		return number(r, ret);
	case VALUE_duration:
	case VALUE_fraction:
	case VALUE_keepalive:
		*ret = 0;
		if (whole_word(r, "off"))
			return true;
		return t == VALUE_duration   ? duration(r, ret)
		       : t == VALUE_fraction ? fraction(r, ret)
					     : keepalive(r, ret);
	case VALUE_ratio:
		return ratio(r, ret);
	case VALUE_percent:
		return percent(r, ret);
	case VALUE_switch:
	case VALUE_payload:
	case VALUE_report:
	case VALUE_stacks:
	case VALUE_level:
	case VALUE_format:
		return one_word(t, r, ret);
	case VALUE_text:
	case VALUE_word:
	case VALUE_path:
		break;
	}
	return false;
}

const char *value_parse(enum value_type t, const char *s, size_t n, int64_t *ret)
{
	struct reader r = { s, s + n };
	bool good;

	if (t == VALUE_text)
		good = true;
	else if (t == VALUE_word)
		good = plain_word(&r);
	else if (t == VALUE_path)
		good = more(&r) && *r.at == '/' && n <= PATH_MOST;
	else
		good = read_value(t, &r, ret) && !more(&r);
	return good ? NULL : expected[t];
}

void value_print(struct text *to, enum value_type t, int64_t value)
{
	switch (t) {
	case VALUE_count:
		text_num(to, (uint64_t)value);
		break;
	case VALUE_percent:
		text_num(to, (uint64_t)value);
		text_char(to, '%');
		break;
	case VALUE_ratio:
		print_ratio(to, value);
		break;
	case VALUE_duration:
	case VALUE_fraction:
	case VALUE_keepalive:
		if (!value) {
			text_str(to, "off");
		} else if (t == VALUE_duration) {
			print_duration(to, value);
		} else if (t == VALUE_keepalive) {
			print_keepalive(to, value);
		} else {
			text_str(to, "1/");
			text_num(to, (uint64_t)value);
		}
		break;
	case VALUE_switch:
	case VALUE_payload:
	case VALUE_report:
	case VALUE_stacks:
	case VALUE_level:
	case VALUE_format:
		text_str(to, words_of[t][value]);
		break;
	case VALUE_text:
	case VALUE_word:
	case VALUE_path:
		break;
	}
}
