/* SPDX-License-Identifier: MIT */
/*
 * aside: calls by which a program passes by us: its own filter of system calls, rings.
 * They change the process, so each is made in a child.
 */
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frames.h"

/* linux/filter.h and linux/seccomp.h, which musl's compiler does not see. */
#define RETURN_ALLOW \
	{ \
		0x06, 0, 0, 0x7fff0000 \
	}
#define MODE_FILTER 2
#define SET_MODE_FILTER 1

struct line {
	unsigned short code;
	unsigned char if_true, if_false;
	unsigned int value;
};

struct filter {
	unsigned short length;
	struct line *lines;
};

FRAGMENT(prctl)
{
	struct line admit_all = RETURN_ALLOW;
	struct filter filter = { 1, &admit_all };
	char name[16] = "";

	IN_CHILD(STEP(prctl(PR_SET_NAME, "renamed")); STEP(prctl(PR_GET_NAME, name));
		 say("\t%s", name); STEP(prctl(PR_SET_SECCOMP, 99));
		 STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		 STEP(prctl(PR_SET_SECCOMP, MODE_FILTER, nowhere));
		 STEP(prctl(PR_SET_SECCOMP, MODE_FILTER, &filter));
		 STEP(prctl(PR_GET_SECCOMP));
		 STEP(syscall(SYS_seccomp, SET_MODE_FILTER, 0, nowhere));
		 STEP(syscall(SYS_seccomp, SET_MODE_FILTER, 0, &filter)));
	STEP(prctl(-1));
	STEP(prctl(PR_GET_NAME, nowhere));
	OWING(prctl(PR_GET_DUMPABLE));
}

/* What liburing's functions take at most; larger than its own. */
static char ring[4096], params[512], memory[1 << 16] __attribute__((aligned(4096)));

/* By name, since nothing here links liburing. */
#define SET_UP(name, type, ...) \
	do { \
		int(*f) type = (int(*) type)dlsym(RTLD_DEFAULT, #name); \
		IN_CHILD(say("\t%s", f &&f(4, __VA_ARGS__) >= 0 ? "opened" : "not")); \
		IN_CHILD(say("\t%d", f ? f(0, __VA_ARGS__) : 0)); \
	} while (0)

FRAGMENT(io_uring_queue_init)
{
	SET_UP(io_uring_queue_init, (unsigned int, void *, unsigned int), ring, 0);
}

FRAGMENT(io_uring_queue_init_params)
{
	SET_UP(io_uring_queue_init_params, (unsigned int, void *, void *), ring,
	       params);
}

FRAGMENT(io_uring_queue_init_mem)
{
	SET_UP(io_uring_queue_init_mem, (unsigned int, void *, void *, void *, size_t),
	       ring, params, memory, sizeof(memory));
}

FRAGMENT(io_uring_setup)
{
	SET_UP(io_uring_setup, (unsigned int, void *), params);
}
