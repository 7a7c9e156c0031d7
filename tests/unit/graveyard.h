/* SPDX-License-Identifier: MIT */
/*
 * graveyard: core/arena for a test that wants to know: what was dropped is never mapped
 * again, so that who still reads it is seen (SIGSEGV), in every build.
 */
#ifndef GRAVEYARD_H
#define GRAVEYARD_H

/* Blocks that were taken so far, and those of them that were not dropped. */
unsigned int graveyard_dug(void);
unsigned int graveyard_alive(void);

#endif
