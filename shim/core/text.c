/* SPDX-License-Identifier: MIT */
/* text: text into a fixed buffer; see text.h. */
#include "core/text.h"

void text_char(struct text *t, char c)
{
	if (t->n + 1 >= t->room)
		return;
	t->at[t->n++] = c;
	t->at[t->n] = 0;
}

void text_str(struct text *t, const char *s)
{
	while (*s)
		text_char(t, *s++);
}

static void text_base(struct text *t, uint64_t n, unsigned base)
{
	char digits[20];
	int k = 0;

	do
		digits[k++] = "0123456789abcdef"[n % base];
	while (n /= base);
	while (k)
		text_char(t, digits[--k]);
}

void text_num(struct text *t, uint64_t n)
{
	text_base(t, n, 10);
}

void text_hex(struct text *t, uint64_t n)
{
	text_base(t, n, 16);
}

size_t text_len(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

bool text_same(const char *a, const char *b)
{
	const char *rest = text_behind(a, b);

	return rest && !*rest;
}

const char *text_behind(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

const char *text_number(const char *s, uint64_t *ret)
{
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	*ret = n;
	return s;
}
