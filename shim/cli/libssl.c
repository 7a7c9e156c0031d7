/* SPDX-License-Identifier: MIT */
/* libssl: the way to OpenSSL; see libssl.h. */
#include "cli/libssl.h"

#include "cli/library.h"

static const struct library_row rows[] = {
#define LIBSSL(name) { #name, offsetof(struct libssl, name) },
#include "cli/libssl.def"
#undef LIBSSL
};

const struct libssl *libssl_get(void)
{
	/* what is called has been the same since 1.1 */
	static const char *const names[] = { "libssl.so.3", "libssl.so.1.1", NULL };
	static struct library library = { names, LIBRARY_ROWS(rows), false, false };
	static struct libssl all;

	return library_load(&library, &all) ? &all : NULL;
}
