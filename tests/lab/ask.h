/* SPDX-License-Identifier: MIT */
#ifndef LAB_ASK_H
#define LAB_ASK_H

/*
 * Each speaks to the lab named by LAB_CONTROL, and returns an exit status: 2 with one
 * sentence on stderr when the lab refuses or is not there.
 */
int ask_wire(char **words);
/* Returns only when it fails. */
int ask_in(const char *namespace, char **command);

#endif
