/* SPDX-License-Identifier: MIT */
/*
 * scene: for the tests of core/live: one policy file, the lines that were logged of it,
 * and a clock that goes only when it is told to.
 */
#ifndef SCENE_H
#define SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/live.h"

#define OFF "[connect]\ntfo = off\n"
#define ON "[connect]\ntfo = on\n"
#define BAD "[connect]\ntfo = of\n"
#define LINES scene_lines("")

extern uint64_t scene_time_us;
extern uint32_t scene_today_s;		   /* 0: the real one */
extern void (*scene_in_a_look)(void);	   /* once, where live asks for the time */
extern void (*scene_in_a_busy_look)(void); /* ... and where it looks at the files */
extern char scene_policy[512];

/* The file, with this text or missing, and a new log. */
void scene_setup(const char *text);
void scene_write(const char *path, const char *text);
/* So long that the files are looked at again; what was young is so no more. */
void scene_later(void);
/* live_ask() as a guest: errno and descriptors stay as they are. */
bool scene_ask(struct live_rule *ret);
bool scene_good(void);
int64_t scene_tfo(void);
/* Lines of the log with this in it. */
unsigned int scene_lines(const char *word);

#endif
