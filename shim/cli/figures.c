/* SPDX-License-Identifier: MIT */
/* figures: times and lists as people read them; see figures.h. */
#include "cli/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/paint.h"
#include "cli/table.h"

/* Three figures: 0.21 ms, 4.31 ms, 20.3 ms, 203 ms, 1.21 s */
const char *figures_time(double us, char ret[FIGURES])
{
	double ms = fabs(us) / 1000;

	if (ms < 9.995)
		snprintf(ret, FIGURES, "%.2f ms", ms);
	else if (ms < 99.95)
		snprintf(ret, FIGURES, "%.1f ms", ms);
	else if (ms < 999.5)
		snprintf(ret, FIGURES, "%.0f ms", ms);
	else
		snprintf(ret, FIGURES, "%.2f s", ms / 1000);
	return ret;
}

const char *figures_seconds(uint64_t us, char ret[FIGURES])
{
	double s = (double)us / 1e6;

	if (s < 1000)
		snprintf(ret, FIGURES, s < 10 ? "%.2f s" : "%.1f s", s);
	else if (s < 100 * 3600)
		snprintf(ret, FIGURES, "%.1f h", s / 3600);
	else
		snprintf(ret, FIGURES, "%.0f d", s / 86400);
	return ret;
}

/* "20.3 ms sooner" */
const char *figures_shift(double us, char ret[FIGURES])
{
	char time[FIGURES];

	snprintf(ret, FIGURES, "%s %s", figures_time(us, time),
		 us <= 0 ? "sooner" : "later");
	return ret;
}

static void line_word(struct figures_line *l, const char *word)
{
	unsigned int width = paint_width() ? paint_width() : 80;
	unsigned int takes = table_width(word);

	if (l->is_begun && l->at + 1 + takes > width) {
		printf("\n%*s", (int)l->indent, "");
		l->at = l->indent;
		l->is_begun = false;
	}
	printf("%s%s", l->is_begun ? " " : "", word);
	l->at += takes + l->is_begun;
	l->is_begun = true;
}

/* A number and what follows it stay together. */
static bool is_number(const char *from, const char *to)
{
	from += *from == '(';
	while (from < to && ((*from >= '0' && *from <= '9') || *from == '.'))
		from++;
	return from == to;
}

void figures_sentence(const char *sentence)
{
	struct figures_line l = { 0, 0, false };
	char word[128];

	while (*sentence) {
		size_t n = strcspn(sentence, " ");

		if (sentence[n] && is_number(sentence, sentence + n))
			n += 1 + strcspn(sentence + n + 1, " ");
		snprintf(word, sizeof(word), "%.*s", (int)n, sentence);
		line_word(&l, word);
		sentence += n + (sentence[n] != '\0');
	}
	putchar('\n');
}

void figures_add(struct figures_list *c, const char *word, uint64_t n)
{
	char text[96];

	if (!n)
		return;
	if (!c->any) {
		printf("  %-10s", c->head);
		c->line = (struct figures_line){ 12, 12, false };
	} else {
		putchar(',');
		c->line.at++;
	}
	c->any = true;
	/* one word: they stay together */
	snprintf(text, sizeof(text), "%s %llu", word, (unsigned long long)n);
	line_word(&c->line, text);
}

void figures_end(const struct figures_list *c)
{
	if (c->any)
		putchar('\n');
}

void figures_head(const char *head)
{
	printf("\n%s%s%s\n", paint(PAINT_STRONG), head, paint(PAINT_NONE));
}

void figures_rest(size_t all, size_t shown)
{
	if (all > shown)
		printf("  and %zu more: --all shows them\n", all - shown);
}
