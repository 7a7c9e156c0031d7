/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what the fuzzers share.  Each is one function over bytes, run by libFuzzer
 * (make fuzz) and, over what it found (corpus), by replay.c in every make check.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define MUST(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
				#what); \
			abort(); \
		} \
	} while (0)

#endif
