/* SPDX-License-Identifier: MIT */
/*
 * fuzz_keyfile: any bytes as a file of keys: one or two keys, or a sentence; keys
 * written as digits are read as the same.
 */
#include <string.h>

#include "core/keyfile.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct keyfile k = { .n = 77 }, again = { .n = 0 };
	const char *wrong = keyfile_parse((const char *)bytes, n, &k);
	char digits[160];
	int at = 0;

	if (wrong) {
		MUST(strlen(wrong) > 10 && k.n == 77);
		return 0;
	}
	MUST(k.n == 1 || k.n == 2);
	for (unsigned int i = 0; i < k.n; i++) {
		for (int b = 0; b < KEYFILE_KEY; b++)
			at += snprintf(digits + at, sizeof(digits) - (size_t)at, "%02x",
				       k.key[i][b]);
		digits[at++] = '\n';
	}
	MUST(!keyfile_parse(digits, (size_t)at, &again));
	MUST(again.n == k.n && !memcmp(k.key, again.key, k.n * sizeof(k.key[0])));
	return 0;
}
