/* SPDX-License-Identifier: MIT */
/*
 * target: reads a program's file and knows which road reaches the program: LD_PRELOAD,
 * or none, and why. It changes nothing and starts nothing; what follows from its answer
 * is left to the command that asked.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include <limits.h>

enum target_verdict {
	TARGET_PRELOAD, /* a loader starts it and will read LD_PRELOAD */
	TARGET_GO,	/* makes its own system calls, loader or not */
	TARGET_STATIC,
	TARGET_NO_LIBC,	    /* dynamic, but nothing in it could be hooked */
	TARGET_SECURE,	    /* AT_SECURE: the loader will ignore LD_PRELOAD */
	TARGET_OTHER_CLASS, /* another word size, byte order or machine */
	TARGET_UNREADABLE,  /* may be run, may not be read: not known */
	TARGET_NOT_FOUND,
	TARGET_NOT_EXECUTABLE,
	TARGET_TOO_DEEP, /* scripts that name scripts, or themselves */
	TARGET_NOT_A_PROGRAM,
};

enum target_libc {
	TARGET_LIBC_UNKNOWN,
	TARGET_LIBC_GLIBC,
	TARGET_LIBC_MUSL,
};

/* The kernel starts at most this many scripts by way of one another. */
#define TARGET_DEPTH 5

/* Longest answer of target_sentence(), with the final NUL. */
#define TARGET_SENTENCE (2 * PATH_MAX + 256)

/*
 * path is the file that the verdict is about; chain holds what leads to it, first the
 * command itself: scripts, and a program whose loader is missing.
 */
struct target {
	enum target_verdict verdict;
	enum target_libc libc; /* means something for TARGET_PRELOAD only */
	char path[PATH_MAX];
	unsigned chain_len;
	char chain[TARGET_DEPTH + 1][PATH_MAX];
};

/* A command without '/' is sought in PATH, as execvp() seeks it. */
void target_read(const char *command, struct target *ret_target);

/* The verdict as one word, for machines: "dynamic", "static", ... */
const char *target_word(enum target_verdict verdict);

/*
 * One sentence without its end: the caller adds what follows ("; it runs without ...").
 * File names stand in it byte by byte: clean them before a terminal sees them.
 */
void target_sentence(const struct target *target, char ret_text[TARGET_SENTENCE]);

#endif
