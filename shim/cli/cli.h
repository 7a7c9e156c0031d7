/* SPDX-License-Identifier: MIT */
/*
 * cli: what the files of tfo share: the shape of a verb, the exit statuses, how tfo
 * speaks (say), where the preloaded object is (object), the proof over loopback. What
 * each verb does is in the file of its name.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/sink.h"

struct option_row;

/* argv[0] is the verb; main returns the exit status. */
struct verb {
	const char *name;
	const char *of;	      /* the verb whose part it is; NULL: one of its own */
	const char *synopsis; /* what follows the name */
	const char *summary;
	const char *details; /* whole lines, for `tfo help VERB` */
	const struct option_row *options;
	const char *status;		/* whole lines: exit statuses */
	const char *operands;		/* their kind, to be completed; see options.h */
	const struct verb *const *subs; /* its parts; NULL ends them */
	int (*main)(int argc, char **argv);
};

extern const struct verb run_verb, doctor_verb, policy_verb, explain_verb, leaks_verb,
	watch_verb, probe_verb, metrics_verb, reset_verb, status_verb;
extern const struct verb install_verb, uninstall_verb;

/* As env(1) and nohup(1) have them; run gives the program's own status otherwise. */
enum status {
	STATUS_OK = 0,
	STATUS_FINDING = 1,
	STATUS_USAGE = 2,
	STATUS_SELF = 125,   /* tfo failed or refused: nothing was started */
	STATUS_CANNOT = 126, /* found, cannot be executed */
	STATUS_MISSING = 127,
};

/* ---- say ---- */

/*
 * First of all: where stdin, stdout or stderr are closed, no file of ours may get their
 * numbers, and what is printed. What is printed there fails as it would have.
 */
void say_setup(void);

/* One line on stderr, "tfo: " before it. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * One line on stderr as compilers have it: file:line:column: sentence. Line or column
 * may be 0: not known.
 */
void say_at(const char *file, unsigned int line, unsigned int column,
	    const char *sentence);

/* What core prints goes there. */
struct sink say_sink(FILE *to);

/* What would move a cursor or end a line becomes '?'. */
void say_clean(char *text);

/* A file's name, cleaned likewise. */
void say_name(FILE *to, const char *name);

/* One word as sh reads it back; bare where that is safe. */
void say_word(FILE *to, const char *word);

/*
 * For getopt_long()'s '?' and ':' and for verbs that miss something; gives the status.
 */
int say_bad_option(const char *verb, int answer, char **argv);
int say_usage(const char *verb, const char *problem);

/* What went to stdout has arrived there, or it is said: gives the status. */
int say_done(int status);

/* ---- object ---- */

/*
 * Where libtfoshim.so is. -ENOENT: nowhere. -EINVAL: in a place that LD_PRELOAD cannot
 * name; ret_path is set. -EACCES: the same where nothing may be executed.
 */
int object_find(char *ret_path, size_t size);

/* Can a program of this machine load it? */
bool object_is_good(const char *path);

/* TFOSHIM_OFF, as the object reads it. */
bool object_is_off(void);

/* Does this value of LD_PRELOAD already name a libtfoshim.so that is there? */
bool object_is_in(const char *preload);

/*
 * A new LD_PRELOAD with the object first and all that was there behind it; NULL: no
 * memory.
 */
char *object_before(const char *path, const char *preload);

/* ---- run ---- */

/*
 * As the launcher of a container: the object for this command and whatever it starts,
 * as far as it can be. An exit status, if it does return.
 */
int run_launch(char **command);

/* ---- loopback ---- */

/*
 * 1: data in the SYN of a second connection over 127.0.0.1 was accepted; 0: it was not;
 * negative errno: there was no connection. Takes 8 s at most.
 */
int loopback_prove(void);

#endif
