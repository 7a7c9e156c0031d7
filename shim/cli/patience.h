/* SPDX-License-Identifier: MIT */
/*
 * patience: waits that have an end, and that Ctrl-C ends: the first one ends the
 * waiting, so that what is known so far can be told, the second one the program.
 */
#ifndef CLI_PATIENCE_H
#define CLI_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* From here on SIGINT, SIGTERM and SIGHUP do that; they arrive in the waits only. */
void patience_begin(void);
/* One has arrived. */
bool patience_is_over(void);
/*
 * poll(2) of one descriptor until then, in us of CLOCK_MONOTONIC: its events; 0: none
 * came, or patience is over.
 */
short patience_wait(int fd, short events, uint64_t until_us);
void patience_sleep(uint64_t until_us);

#endif
