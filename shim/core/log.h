/* SPDX-License-Identifier: MIT */
/*
 * log: one event, one line, one write.  logfmt lines to stderr or a file, silent unless
 * TFOSHIM_LOG asks.  Opens and closes the file for each line, since a guest owns no
 * descriptor; async-signal-safe.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/text.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_INFO, LOG_DEBUG };

/* At the start of the process: what is stderr then. */
void log_begin(void);
/* spec is LEVEL[:PATH] (off, error, info, debug); false when it cannot be read: then
 * off. */
bool log_open(const char *spec);
/* What a policy says; TFOSHIM_LOG comes before it.  path may be NULL: stderr. */
void log_follow(enum log_level level, const char *path);
bool log_wants(enum log_level level);
/* fields is logfmt ("key=value key=value") without the line's end, or NULL. */
void log_event(enum log_level level, const char *event, const struct text *fields);
/* A line of a report that was asked for, to where events go, whatever their level. */
void log_line(struct text *line);
/* One sentence, once per flag and process; the flag is the caller's static. */
void log_once(atomic_flag *said, enum log_level level, const char *event,
	      const char *sentence);

#endif
