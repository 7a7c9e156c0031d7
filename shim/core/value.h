/* SPDX-License-Identifier: MIT */
/*
 * value: the types of a policy key: text to number and back.  Text types (text, word,
 * path) stay text.  value_print(value_parse(x)) is what value_parse reads again.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS (24 * 60 * MINUTE_MS)

enum value_type {
	VALUE_switch,	 /* on, off */
	VALUE_count,	 /* a whole number */
	VALUE_duration,	 /* milliseconds: 10min, 90s, off */
	VALUE_ratio,	 /* thousandths: 1.2 */
	VALUE_fraction,	 /* one in so many: 1/64, off */
	VALUE_percent,	 /* 80% */
	VALUE_keepalive, /* off, 60s/10s/5: value_keepalive() takes it apart */
	VALUE_payload,	 /* words ... */
	VALUE_report,
	VALUE_stacks,
	VALUE_level,
	VALUE_format,
	VALUE_text, /* ... and texts: quoted, */
	VALUE_word, /* letters, digits, - and _ */
	VALUE_path, /* absolute */
};

static inline bool value_is_text(enum value_type t)
{
	return t >= VALUE_text;
}

/*
 * Reads the n bytes at s.  NULL, or what the value has to be, for "... must be %s"; the
 * text types are only checked.
 */
const char *value_parse(enum value_type t, const char *s, size_t n, int64_t *ret);
void value_print(struct text *to, enum value_type t, int64_t value);

struct value_keepalive {
	int idle_s, interval_s, count; /* idle_s 0: off */
};
struct value_keepalive value_keepalive(int64_t value);

#endif
