/* SPDX-License-Identifier: MIT */
/*
 * log: one event, one line, one write.  logfmt or JSON, to stderr or a file, silent
 * unless TFOSHIM_LOG or the policy asks.  Whatever a name holds, a line can be read:
 * what needs it stands in quotes as JSON has them, bytes that are no UTF-8 become
 * U+FFFD, and what is too long ends in "...".  Opens and closes the file for each line,
 * since a guest owns no descriptor; async-signal-safe.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/text.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* At the start of the process: what is stderr then. */
void log_begin(void);
/*
 * spec is LEVEL[,FORMAT][:PATH] (off, error, info, debug; logfmt, json); false when it
 * cannot be read: then off.
 */
bool log_open(const char *spec);
/* What a policy says; TFOSHIM_LOG comes before it.  path may be NULL: stderr. */
void log_follow(enum log_level level, enum log_format format, const char *path);
bool log_wants(enum log_level level);

/* An event: begun, its fields one after the other, and written. */
struct log_entry {
	char room[1024];
	struct text line;
	bool is_json;
};

/* false: nobody wants it, and nothing else is to be called. */
bool log_start(struct log_entry *e, enum log_level level, const char *event);
/* Any text; key is ours: letters and _. */
void log_text(struct log_entry *e, const char *key, const char *value);
void log_number(struct log_entry *e, const char *key, uint64_t value);
void log_end(struct log_entry *e);
/* An event with one sentence, "message". */
void log_say(enum log_level level, const char *event, const char *sentence);
/* ... once per flag and process; the flag is the caller's static. */
void log_once(atomic_flag *said, enum log_level level, const char *event,
	      const char *sentence);
/*
 * A line of a report that was asked for, to where events go, whatever their level: as
 * it is, or in JSON as an event, "report".
 */
void log_line(struct text *line);

#endif
