/* SPDX-License-Identifier: MIT */
/* real: the way back to libc; see real.h. */
#include "preload/real.h"

#include <errno.h>

#define WEAK __attribute__((weak, visibility("default")))
#define NEXT ((void *)-1L)	  /* RTLD_NEXT, in both libcs */
#define DLOPEN_PRIVATE 0x80000001 /* RTLD_LAZY and glibc's mark for its own callers */
#define DLOPEN_NOLOAD 4

/*
 * The only undefined symbols of the object: weak and without version, so that it loads
 * into glibc, musl and a program with neither.  glibc before 2.34 keeps dlsym in libdl:
 * a program that does not link libdl leaves it NULL, and libc's own door __libc_dlsym
 * stays.
 */
extern WEAK void *dlsym(void *handle, const char *name);
extern WEAK void *dlvsym(void *handle, const char *name, const char *version);
extern WEAK void *__libc_dlsym(void *map, const char *name);
extern WEAK void *__libc_dlopen_mode(const char *name, int mode);
extern WEAK int *__errno_location(void);
extern WEAK char **environ;

_Atomic(void *) real_table[HOOKS];

static const struct {
	const char *name, *version;
} names[HOOKS] = {
#define HOOK(name) { #name, NULL },
#define HOOK_AT(name, version) { #name, version },
#define ALIAS(alias, name)
#include "preload/hooks.def"
#undef HOOK
#undef HOOK_AT
#undef ALIAS
};

int real_errno(void)
{
	return __errno_location ? *__errno_location() : 0;
}

void real_set_errno(int e)
{
	if (__errno_location)
		*__errno_location() = e;
}

static long missing(void)
{
	real_set_errno(ENOSYS);
	return -1;
}

/* A library that is here, by libc's own door; none is loaded. */
static void *map_of(const char *library)
{
	if (!__libc_dlsym || !__libc_dlopen_mode)
		return NULL;
	return __libc_dlopen_mode(library, (int)(DLOPEN_PRIVATE | DLOPEN_NOLOAD));
}

/*
 * Before 2.34 what we hook stands in several libraries; the one of threads comes before
 * libc, as in a program that is linked against it.
 */
static void *libc_find(const char *name)
{
	static const char *const libraries[] = {
		"libpthread.so.0", "libc.so.6",	   "librt.so.1",    "libresolv.so.2",
		"libanl.so.1",	   "libutil.so.1", "liburing.so.2", "liburing.so.1",
	};
	void *map, *p = NULL;

	for (size_t i = 0; !p && i < sizeof(libraries) / sizeof(*libraries); i++) {
		map = map_of(libraries[i]);
		p = map ? __libc_dlsym(map, name) : NULL;
	}
	return p;
}

/* What glibc before 2.34 does where there is no libpthread. */
static int once_alone(int *control, void (*f)(void))
{
	if (!*control) {
		f();
		*control |= 2;
	}
	return 0;
}

/*
 * Its dlsym() begins with pthread_once(), if anybody has one, and we have: asked the
 * usual way, the two would call each other for ever.
 */
static void *once_find(void)
{
	void *map = map_of("libpthread.so.0");

	if (!__libc_dlsym || !__libc_dlopen_mode)
		return NULL;
	return map ? __libc_dlsym(map, "pthread_once") : (void *)once_alone;
}

void *real_find(const char *name)
{
	int e = real_errno();
	void *p = dlsym ? dlsym(NEXT, name) : libc_find(name);

	real_set_errno(e);
	return p;
}

void *real_bind(enum hook h)
{
	int e = real_errno();
	void *p = h == HOOK_pthread_once ? once_find() : NULL;

	/* other machines' first glibc is younger than these versions */
#if defined(__x86_64__)
	if (!p && names[h].version && dlvsym)
		p = dlvsym(NEXT, names[h].name, names[h].version);
#endif
	if (!p)
		p = real_find(names[h].name);
	if (!p)
		p = (void *)missing;
	atomic_store_explicit(&real_table[h], p, memory_order_relaxed);
	real_set_errno(e);
	return p;
}

bool real_is_musl(void)
{
	return !dlvsym && !__libc_dlsym;
}

bool real_has_libc(void)
{
	return __errno_location && (dlsym || __libc_dlsym);
}

char **real_environment(void)
{
	return &environ ? environ : NULL;
}
