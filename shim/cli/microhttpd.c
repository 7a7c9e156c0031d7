/* SPDX-License-Identifier: MIT */
/* microhttpd: the way to libmicrohttpd; see microhttpd.h. */
#include "cli/microhttpd.h"

#include <dlfcn.h>
#include <stddef.h>

static const struct {
	const char *name;
	size_t at;
} rows[] = {
#define MICROHTTPD(name) { #name, offsetof(struct microhttpd, name) },
#include "cli/microhttpd.def"
#undef MICROHTTPD
};

const struct microhttpd *microhttpd_get(void)
{
	static struct microhttpd all;
	void *library = dlopen("libmicrohttpd.so.12", RTLD_LAZY);

	for (size_t i = 0; library && i < sizeof(rows) / sizeof(*rows); i++) {
		void **to = (void **)(void *)((char *)&all + rows[i].at);

		*to = dlsym(library, rows[i].name);
		if (!*to)
			return NULL;
	}
	return library ? &all : NULL;
}
