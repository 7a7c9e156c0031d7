/* SPDX-License-Identifier: MIT */
/* leakset: what TFOSHIM_LEAKS asks for; see leakset.h. */
#include "core/leakset.h"

#include "core/text.h"
#include "core/value.h"

static size_t item_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ',')
		n++;
	return n;
}

static bool read_item(const char *s, size_t n, bool first, struct leakset *r)
{
	const char *stacks = text_behind(s, "stacks="),
		   *at = text_behind(s, "warn-at=");
	int64_t v;

	if (first)
		return !value_parse(VALUE_report, s, n, &r->report);
	if (stacks && !value_parse(VALUE_stacks, stacks, n - (size_t)(stacks - s), &v))
		return r->whole_stacks = v, true;
	if (at && !value_parse(VALUE_percent, at, n - (size_t)(at - s), &v) && v > 0 &&
	    v <= 100)
		return r->warn_at = (int)v, true;
	return false;
}

bool leakset_read(const char *s, struct leakset *ret)
{
	bool first = true;

	*ret = (struct leakset){ .report = 0 };
	while (1) {
		size_t n = item_length(s);

		if (!read_item(s, n, first, ret))
			return false;
		first = false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}
