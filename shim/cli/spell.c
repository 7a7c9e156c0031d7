/* SPDX-License-Identifier: MIT */
/* spell: ages, sizes and numbers as people read them; see spell.h. */
#include "cli/spell.h"

#include <stddef.h>
#include <stdio.h>

void spell_age(uint64_t tenths)
{
	static const struct {
		const char *unit, *below;
		uint64_t tenths, below_tenths;
	} rows[] = {
		{ "d", "h", 864000, 36000 },
		{ "h", "min", 36000, 600 },
		{ "min", "s", 600, 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t rest = tenths % rows[i].tenths / rows[i].below_tenths;

		if (tenths < rows[i].tenths)
			continue;
		printf("%llu %s", (unsigned long long)(tenths / rows[i].tenths),
		       rows[i].unit);
		if (rest)
			printf(" %llu %s", (unsigned long long)rest, rows[i].below);
		return;
	}
	if (tenths < 100 && tenths % 10)
		printf("%llu.%llu s", (unsigned long long)tenths / 10,
		       (unsigned long long)tenths % 10);
	else
		printf("%llu s", (unsigned long long)tenths / 10);
}

void spell_bytes(uint64_t n)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB" };
	unsigned int i = 0;

	if (n < 10000) {
		printf("%llu bytes", (unsigned long long)n);
		return;
	}
	for (n /= 1000; n >= 10000 && i < 4; n /= 1000)
		i++;
	printf("%llu %s", (unsigned long long)n, units[i]);
}

void spell_ms(struct text *t, double us)
{
	char room[32];
	double ms = us / 1000, size = ms < 0 ? -ms : ms;

	snprintf(room, sizeof(room), "%.*f ms",
		 size < 10     ? 2
		 : size < 1000 ? 1
			       : 0,
		 ms);
	text_str(t, room);
}

const char *spell_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}
