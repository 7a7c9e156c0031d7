/* SPDX-License-Identifier: MIT */
/*
 * fragments: the table. Each row of hooks.def has a fragment hook_NAME, or nothing
 * links; a call that this libc lacks is said to be absent, since in front of it the
 * object answers for itself.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"

#define HOOK(name) void hook_##name(void);
#define HOOK_AT(name, version) void hook_##name(void);
#define ALIAS(alias, name) void hook_##alias(void);
#include "preload/hooks.def"
#undef HOOK
#undef HOOK_AT
#undef ALIAS

/* What no single row is about. */
#define MORE(row) \
	row(cancel) row(rights) row(held_fork) row(refused_again) row(loops) \
		row(special_mutexes)
#define DECLARE(name) void hook_##name(void);
MORE(DECLARE)

static const struct {
	const char *name;
	void (*run)(void);
	bool row;
} table[] = {
#define HOOK(name) { #name, hook_##name, true },
#define HOOK_AT(name, version) { #name, hook_##name, true },
#define ALIAS(alias, name) { #alias, hook_##alias, true },
#include "preload/hooks.def"
#undef HOOK
#undef HOOK_AT
#undef ALIAS
#define ENTRY(name) { #name, hook_##name, false },
	MORE(ENTRY)
};

static bool in_libc(const char *name)
{
	static void *libc, *liburing;

	if (!liburing)
		liburing = dlopen("liburing.so.2", RTLD_LAZY | RTLD_GLOBAL);
	if (liburing && dlsym(liburing, name))
		return true;
	if (!libc)
		libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	if (!libc)
		libc = dlopen("libc.so",
			      RTLD_LAZY); /* musl: it is in this process already */
	return libc && dlsym(libc, name);
}

void fragments_run(const char *only)
{
	world_begin();
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (only && strcmp(only, table[i].name))
			continue;
		say("%s", table[i].name);
		if (table[i].row && !in_libc(table[i].name)) {
			say("\tabsent");
			continue;
		}
		world_hold();
		table[i].run();
		world_let_go();
	}
	world_end();
}
