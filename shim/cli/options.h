/* SPDX-License-Identifier: MIT */
/*
 * options: the options of a verb, as a table that its parser, its help and the
 * completions of shells are made from. What an option does is left to the verb.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <getopt.h>
#include <stdio.h>

struct verb;

/* Rows of a verb; {0} ends them. arg NULL: it takes no value. */
struct option_row {
	const char *name;
	char letter;	   /* 0: none */
	const char *arg;   /* how help calls its value; "[=X]": need not be there */
	const char *kind;  /* what its value is, to be completed; see below */
	const char *means; /* half a sentence, one line for each '\n' */
};

/* What a value or operand is: words "a|b|c", or one of these, or NULL. */
#define KIND_FILE "file"
#define KIND_DIRECTORY "directory"
#define KIND_COMMAND "command" /* and all behind it: options of the verb end there */
#define KIND_HOST "host"
#define KIND_PID "pid"
#define KIND_PROGRAM "program"
#define KIND_USER "user"

#define OPTIONS_END (-1)
#define OPTIONS_BAD (-2) /* the sentence has been said: STATUS_USAGE */

/* The index of the row that argv has next; optarg and optind as getopt_long(3). */
int options_next(const struct verb *verb, int argc, char **argv);

/* As `tfo help VERB` has them. */
void options_show(FILE *to, const struct option_row *rows);

#endif
