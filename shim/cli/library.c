/* SPDX-License-Identifier: MIT */
/* library: libraries that are loaded when they are needed; see library.h. */
#include "cli/library.h"

#include <dlfcn.h>

#include "cli/alone.h"

static void *open_first(const char *const *names)
{
	void *library = NULL;

	for (; *names && !library && !alone_is(); names++)
		library = dlopen(*names, RTLD_LAZY);
	return library;
}

bool library_load(struct library *l, void *ret_functions)
{
	void *library;

	if (l->tried)
		return l->good;
	l->tried = true;
	library = open_first(l->names);
	for (size_t i = 0; library && i < l->n; i++) {
		void **to = (void **)(void *)((char *)ret_functions + l->rows[i].at);

		*to = dlsym(library, l->rows[i].name); /* of what it needs, too */
		if (!*to)
			return false;
	}
	l->good = library;
	return l->good;
}

void *library_function(const char *library, const char *name)
{
	void *loaded = alone_is() ? NULL : dlopen(library, RTLD_LAZY);

	return loaded ? dlsym(loaded, name) : NULL;
}
