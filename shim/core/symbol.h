/* SPDX-License-Identifier: MIT */
/*
 * symbol: which function of an ELF file a place belongs to, by its symbol tables; for
 * source lines there is tfo leaks.  Any content of the file is safe.  Reads the file
 * anew with a descriptor that is closed again; async-signal-safe.
 */
#ifndef CORE_SYMBOL_H
#define CORE_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* offset is that in the file.  false: no symbol covers it, nothing is put. */
bool symbol_name(const char *path, uint64_t offset, struct text *ret);

#endif
