/* SPDX-License-Identifier: MIT */
/*
 * figures: times and lists as people read them: three figures of a time, sentences and
 * lists on as many lines as the terminal needs, heads of sections.
 */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURES 40
#define FIGURES_FEW 10 /* rows of a list, unless all are asked for */

/* 0.21 ms, 4.31 ms, 20.3 ms, 203 ms, 1.21 s; without its sign. */
const char *figures_time(double us, char ret[FIGURES]);
/* 0.35 s, 25.7 s, 3.1 h */
const char *figures_seconds(uint64_t us, char ret[FIGURES]);
/* "20.3 ms sooner", if it is negative. */
const char *figures_shift(double us, char ret[FIGURES]);

void figures_sentence(const char *sentence);
/* A blank line, and the head of a section. */
void figures_head(const char *head);
/* "and 37 more" */
void figures_rest(size_t all, size_t shown);

/* Words in a row, on as many lines as it takes. */
struct figures_line {
	unsigned int indent, at;
	bool is_begun;
};

/* "  outcomes   data_acked 12, not_acked 1"; zeroed but for its head. */
struct figures_list {
	struct figures_line line;
	const char *head;
	bool any;
};
/* What there is none of is left out. */
void figures_add(struct figures_list *c, const char *word, uint64_t n);
void figures_end(const struct figures_list *c);

#endif
