/* SPDX-License-Identifier: MIT */
/*
 * microhttpd: the way to libmicrohttpd, which speaks HTTP for us. It is loaded when it
 * is needed: nobody who serves no metrics needs to have it, and with the libraries that
 * it needs itself every `tfo run` would begin later.
 */
#ifndef CLI_MICROHTTPD_H
#define CLI_MICROHTTPD_H

#include <microhttpd.h>

struct microhttpd {
#define MICROHTTPD(name) __typeof__(&name) name;
#include "cli/microhttpd.def"
#undef MICROHTTPD
};

/* NULL: it is not installed, or too old. */
const struct microhttpd *microhttpd_get(void);

#endif
