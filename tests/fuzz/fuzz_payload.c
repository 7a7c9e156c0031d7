/* SPDX-License-Identifier: MIT */
/*
 * fuzz_payload: any first bytes: any, auto, idempotent and none let ride ever less, and
 * ask the same of the same.
 */
#include <string.h>

#include "core/payload.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t most = n < PAYLOAD_BYTES ? n : PAYLOAD_BYTES;
	uint8_t *own = malloc(most ? most : 1);
	bool automatic, idempotent;

	MUST(own);
	if (most)
		memcpy(own, bytes, most);
	automatic = payload_may_ride(PAYLOAD_AUTO, own, most);
	idempotent = payload_may_ride(PAYLOAD_IDEMPOTENT, own, most);
	MUST(payload_may_ride(PAYLOAD_ANY, own, most));
	MUST(automatic || !idempotent);
	MUST(!payload_may_ride(PAYLOAD_NONE, own, most));
	MUST(automatic == payload_may_ride(PAYLOAD_AUTO, own, most));
	MUST(!most || !memcmp(own, bytes, most));
	free(own);
	return 0;
}
