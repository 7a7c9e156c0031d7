/* SPDX-License-Identifier: MIT */
/* microhttpd: the way to libmicrohttpd; see microhttpd.h. */
#include "cli/microhttpd.h"

#include "cli/library.h"

static const struct library_row rows[] = {
#define MICROHTTPD(name) { #name, offsetof(struct microhttpd, name) },
#include "cli/microhttpd.def"
#undef MICROHTTPD
};

const struct microhttpd *microhttpd_get(void)
{
	static const char *const names[] = { "libmicrohttpd.so.12", NULL };
	static struct library library = { names, LIBRARY_ROWS(rows), false, false };
	static struct microhttpd all;

	return library_load(&library, &all) ? &all : NULL;
}
