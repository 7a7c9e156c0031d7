/* SPDX-License-Identifier: MIT */
/* libdw: the way to elfutils; see libdw.h. */
#include "cli/libdw.h"

#include "cli/library.h"

static const struct library_row rows[] = {
#define LIBDW(name) { #name, offsetof(struct libdw, name) },
#include "cli/libdw.def"
#undef LIBDW
};

const struct libdw *libdw_get(void)
{
	static const char *const names[] = { "libdw.so.1", NULL };
	static struct library library = { names, LIBRARY_ROWS(rows), false, false };
	static struct libdw all;

	return library_load(&library, &all) ? &all : NULL;
}

char *libdw_demangle(const char *name)
{
	static char *(*demangle)(const char *, char *, size_t *, int *);
	static bool tried;
	int status = 0;

	if (!tried) {
		tried = true;
		demangle = (__typeof__(demangle))library_function("libstdc++.so.6",
								  "__cxa_demangle");
	}
	return demangle && name[0] == '_' && name[1] == 'Z'
		       ? demangle(name, NULL, NULL, &status)
		       : NULL;
}
