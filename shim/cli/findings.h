/* SPDX-License-Identifier: MIT */
/*
 * findings: the lines that doctor prints, and what they add up to. What is asked, and
 * what an answer means, is left to those who ask.
 */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL };

struct findings {
	bool colour, failed;
	const char *no_client, *no_server; /* why it gains nothing; or NULL */
};

void findings_begin(struct findings *findings);

/* remedy is a command to paste, or NULL. */
void findings_tell(struct findings *findings, enum level level, const char *name,
		   const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The first reason is kept. */
void findings_deny_client(struct findings *findings, const char *why);
void findings_deny_server(struct findings *findings, const char *why);
void findings_deny_both(struct findings *findings, const char *why);

/* The last line; 0, or 1 when a check failed or one side gains nothing. */
int findings_end(const struct findings *findings);

/* A command from a pattern in which each '@' becomes the word, quoted for sh. */
const char *findings_paste(char *ret_text, size_t size, const char *pattern,
			   const char *word);

#endif
