/* SPDX-License-Identifier: MIT */
/*
 * unitfile: the lines of one file of systemd, as systemd.syntax(7) has them, and the
 * words of a value. What a line means is left to unit.
 */
#ifndef CLI_UNITFILE_H
#define CLI_UNITFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Calls f for each assignment; negative errno when it cannot be read. */
int unitfile_read(const char *path,
		  void (*f)(void *with, const char *section, const char *key,
			    const char *value),
		  void *with);
/*
 * The next word of a value, without its quotes and escapes; false: there is none. Moves
 * *at. A word that does not fit is cut off.
 */
bool unitfile_word(const char **at, char *ret, size_t size);
/* A word in quotes, as the value of a line has it; specifiers (%) stay what they are.
 */
void unitfile_quote(const char *word, char *ret, size_t size);

#endif
