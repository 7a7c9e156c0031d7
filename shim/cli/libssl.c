/* SPDX-License-Identifier: MIT */
/* libssl: the way to OpenSSL; see libssl.h. */
#include "cli/libssl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

static const struct {
	const char *name;
	size_t at;
} rows[] = {
#define LIBSSL(name) { #name, offsetof(struct libssl, name) },
#include "cli/libssl.def"
#undef LIBSSL
};

/* What is called has been the same since 1.1. */
static void *open_library(void)
{
	void *library = dlopen("libssl.so.3", RTLD_LAZY);

	return library ? library : dlopen("libssl.so.1.1", RTLD_LAZY);
}

const struct libssl *libssl_get(void)
{
	static struct libssl all;
	static bool good, tried;
	void *library;

	if (tried)
		return good ? &all : NULL;
	tried = true;
	library = open_library();
	for (size_t i = 0; library && i < sizeof(rows) / sizeof(*rows); i++) {
		void **to = (void **)(void *)((char *)&all + rows[i].at);

		*to = dlsym(library, rows[i].name); /* libcrypto's too: it needs it */
		if (!*to)
			return NULL;
	}
	good = library;
	return good ? &all : NULL;
}
