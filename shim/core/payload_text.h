/* SPDX-License-Identifier: MIT */
/*
 * payload_text: what protocols of lines ask for: HTTP/1, mail, news, files, caches,
 * queues, calls.  The last judge: of what it does not know it says so.
 * async-signal-safe, reads n bytes and no more.
 */
#ifndef CORE_PAYLOAD_TEXT_H
#define CORE_PAYLOAD_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum payload_verdict {
	PAYLOAD_FOREIGN, /* not of a protocol that this judge knows */
	PAYLOAD_SAFE,	 /* known to be safe to repeat */
	PAYLOAD_UNKNOWN,
	PAYLOAD_UNSAFE, /* known, and not known to be safe */
};

/* Never PAYLOAD_FOREIGN. */
enum payload_verdict payload_text(const uint8_t *b, size_t n);

#endif
