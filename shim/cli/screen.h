/* SPDX-License-Identifier: MIT */
/*
 * screen: what is shown again and again, in place: on a screen of its own, which is
 * gone at the end, however that comes; what was there before is back then. Where stdout
 * is no terminal it is shown again below.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>

/*
 * Calls show every so many seconds, at once when the terminal's size has changed, until
 * SIGINT, SIGTERM or SIGHUP comes, or 'q', or show says false; gives its last word.
 */
bool screen_repeat(double seconds, bool (*show)(void *with), void *with);

#endif
