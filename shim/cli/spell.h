/* SPDX-License-Identifier: MIT */
/* spell: ages, sizes and numbers as people read them; on stdout, or into a text. */
#ifndef CLI_SPELL_H
#define CLI_SPELL_H

#include <stdint.h>

#include "core/text.h"

/* 3 d 2 h; of tenths of a second. */
void spell_age(uint64_t tenths);
/* 12 KB */
void spell_bytes(uint64_t n);
/* 20.3 ms */
void spell_ms(struct text *t, double us);
/* "", or "s" if it is not one. */
const char *spell_s(uint64_t n);

#endif
