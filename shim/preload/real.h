/* SPDX-License-Identifier: MIT */
/*
 * real: the way back to libc.  REAL(name) is the function the program would have called
 * without us, bound on first use; a name that libc lacks answers ENOSYS.  No once, no
 * lock, errno kept; async-signal-safe after the first use of a name (dlsym(3) before).
 */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))

enum hook {
#define HOOK(name) HOOK_##name,
#define HOOK_AT(name, version) HOOK_##name,
#define ALIAS(alias, name)
#include "preload/hooks.def"
#undef HOOK
#undef HOOK_AT
#undef ALIAS
	HOOKS
};

extern HIDDEN _Atomic(void *) real_table[HOOKS];

void *real_bind(enum hook h);

static inline void *real_get(enum hook h)
{
	void *p = atomic_load_explicit(&real_table[h], memory_order_relaxed);

	return __builtin_expect(p != NULL, 1) ? p : real_bind(h);
}

#define REAL(name) ((__typeof__(&name))real_get(HOOK_##name))

/* A libc function that is not hooked, or NULL. */
void *real_find(const char *name);
/* musl keeps padding where glibc has the high halves of msghdr's lengths. */
bool real_is_musl(void);
/* false: a dynamic program without any libc. */
bool real_has_libc(void);
/* The program's environment as it is now, or NULL. */
char **real_environment(void);

int real_errno(void);
void real_set_errno(int e);

#endif
