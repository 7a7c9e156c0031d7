/* SPDX-License-Identifier: MIT */
/*
 * trial: starts a program with an empty stdin, waits for it with a bound, and keeps
 * what it said. What it was to prove is left to the caller.
 */
#ifndef CLI_TRIAL_H
#define CLI_TRIAL_H

#include <stddef.h>

struct trial {
	char out[65536], noise[4096]; /* its stdout and stderr, cut off there */
	size_t out_n, noise_n;
};

/*
 * argv[0] is a path, or a name that PATH knows. preload: its LD_PRELOAD; NULL: as it is
 * here. ms: how long it may take. Its wait status, or negative errno (-ETIMEDOUT: it
 * was killed); 127 as an exit status also means that it could not be started.
 */
int trial_run(const char *const argv[], const char *preload, int ms, struct trial *ret);

#endif
