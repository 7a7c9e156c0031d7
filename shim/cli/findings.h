/* SPDX-License-Identifier: MIT */
/*
 * findings: the lines that doctor prints, with the commands that mend what is wrong,
 * and what they add up to; as text or as JSON. What is asked, and what an answer means,
 * is left to those who ask.
 */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL };

struct findings {
	bool failed;
	const char *no_client, *no_server;	 /* why it gains nothing; or NULL */
	struct json_object *all, *checks, *last; /* NULL: as text */
};

void findings_begin(struct findings *findings, bool json);

/* A line: ok, warn or fail; what was asked; what is. */
void findings_tell(struct findings *findings, enum level level, const char *name,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * A command that mends what was told last, to be pasted into a shell. pattern: each '@'
 * in it becomes the word, quoted for sh. when: where or when it is to be given, what it
 * takes; NULL: here and now.
 */
void findings_mend(struct findings *findings, const char *when, const char *pattern,
		   const char *word);

/* The first reason is kept. */
void findings_deny_client(struct findings *findings, const char *why);
void findings_deny_server(struct findings *findings, const char *why);
void findings_deny_both(struct findings *findings, const char *why);

/* JSON only: the document's member of that name; it is taken over. */
void findings_put(struct findings *findings, const char *name,
		  struct json_object *value);

/* The last line; 0, or 1 when a check failed or one side gains nothing. */
int findings_end(struct findings *findings);

#endif
