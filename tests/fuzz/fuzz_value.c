/* SPDX-License-Identifier: MIT */
/*
 * fuzz_value: the first byte is a type, the others its value: what can be read is
 * printed to something that is read as the same.
 */
#include <string.h>

#include "core/value.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	enum value_type type;
	const char *s, *expected;
	int64_t value = -4242, again = 0;
	TEXT(printed, 96);
	TEXT(twice, 96);

	if (!n)
		return 0;
	type = (enum value_type)(bytes[0] % (VALUE_path + 1));
	s = (const char *)bytes + 1;
	expected = value_parse(type, s, n - 1, &value);
	if (expected) {
		MUST(strlen(expected) > 5);
		return 0;
	}
	if (value_is_text(type))
		return 0;
	MUST(value >= 0);
	value_print(&printed, type, value);
	MUST(printed.n && printed.n + 1 < printed.room);
	MUST(!value_parse(type, printed.at, printed.n, &again));
	MUST(again == value);
	value_print(&twice, type, again);
	MUST(!strcmp(printed.at, twice.at));
	if (type == VALUE_keepalive && value) {
		struct value_keepalive k = value_keepalive(value);

		MUST(k.idle_s >= 1 && k.idle_s <= 32767 && k.interval_s >= 1 &&
		     k.interval_s <= 32767 && k.count >= 1 && k.count <= 127);
	}
	return 0;
}
