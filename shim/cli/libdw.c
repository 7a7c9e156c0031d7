/* SPDX-License-Identifier: MIT */
/* libdw: the way to elfutils; see libdw.h. */
#include "cli/libdw.h"

#include <dlfcn.h>
#include <stddef.h>

#include "cli/alone.h"

static const struct {
	const char *name;
	size_t at;
} rows[] = {
#define LIBDW(name) { #name, offsetof(struct libdw, name) },
#include "cli/libdw.def"
#undef LIBDW
};

const struct libdw *libdw_get(void)
{
	static struct libdw all;
	static bool good, tried;
	void *library;

	if (tried)
		return good ? &all : NULL;
	tried = true;
	library = alone_load("libdw.so.1");
	for (size_t i = 0; library && i < sizeof(rows) / sizeof(*rows); i++) {
		void **to = (void **)(void *)((char *)&all + rows[i].at);

		*to = dlsym(library, rows[i].name); /* libelf's too: it needs them */
		if (!*to)
			return NULL;
	}
	good = library;
	return good ? &all : NULL;
}

char *libdw_demangle(const char *name)
{
	static char *(*demangle)(const char *, char *, size_t *, int *);
	static bool tried;
	int status = 0;

	if (!tried) {
		void *library = alone_load("libstdc++.so.6");

		tried = true;
		if (library)
			demangle = (__typeof__(demangle))dlsym(library,
							       "__cxa_demangle");
	}
	return demangle && name[0] == '_' && name[1] == 'Z'
		       ? demangle(name, NULL, NULL, &status)
		       : NULL;
}
