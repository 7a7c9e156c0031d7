/* SPDX-License-Identifier: MIT */
/* fuzz_suppress: a file of any lines: each comes back as it stands, and is matched. */
#include <string.h>

#include "core/suppress.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *begin = (const char *)bytes, *at = begin, *end = begin + n;
	struct suppress_line l;
	char name[64];

	while (suppress_next(&at, end, &l)) {
		const char *stop = l.pattern + l.n;

		MUST(l.pattern >= begin && l.n <= n && stop <= at && at <= end);
		if (!l.n) {
			MUST(!suppress_matches(&l, "anything"));
			continue;
		}
		MUST(!memchr(l.pattern, '\n', l.n) && !memchr(l.pattern, ' ', l.n));
		suppress_matches(&l, "/usr/lib/libpq.so.5");
		if (l.n < sizeof(name) && !memchr(l.pattern, 0, l.n)) {
			memcpy(name, l.pattern, l.n);
			name[l.n] = 0;
			MUST(suppress_matches(&l, name)); /* * stands for itself too */
		}
	}
	MUST(at == end);
	return 0;
}
