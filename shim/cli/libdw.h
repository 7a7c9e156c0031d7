/* SPDX-License-Identifier: MIT */
/*
 * libdw: the way to elfutils, which reads debug data for us. It is loaded when it is
 * needed: with its own libraries it would make every `tfo run` begin half a millisecond
 * later. The same for the C++ runtime, which knows how names are written there.
 */
#ifndef CLI_LIBDW_H
#define CLI_LIBDW_H

#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdbool.h>

struct libdw {
#define LIBDW(name) __typeof__(&name) name;
#include "cli/libdw.def"
#undef LIBDW
};

/* NULL: it is not installed, or too old. */
const struct libdw *libdw_get(void);
/* The C++ name as one reads it, or NULL: it is none; free() it. */
char *libdw_demangle(const char *name);

#endif
