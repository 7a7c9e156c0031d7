/* SPDX-License-Identifier: MIT */
/* sink: where text of any length goes, piece by piece. */
#ifndef CORE_SINK_H
#define CORE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

struct sink {
	void (*put)(void *to, const char *bytes, size_t n);
	void *to;
};

static inline void sink_str(const struct sink *s, const char *text)
{
	s->put(s->to, text, text_len(text));
}

static inline void sink_num(const struct sink *s, uint64_t n)
{
	TEXT(t, 24);

	text_num(&t, n);
	s->put(s->to, t.at, t.n);
}

#endif
