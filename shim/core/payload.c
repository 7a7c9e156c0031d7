/* SPDX-License-Identifier: MIT */
/* payload: what may ride in a SYN; see payload.h. */
#include "core/payload.h"

#include "core/payload_frames.h"
#include "core/payload_gateways.h"
#include "core/payload_text.h"

#define PROXY_2 "\r\n\r\n\0\r\nQUIT\n" /* The PROXY protocol, versions 1 and 2 */
#define PROXY_2_HEAD 16
#define PROXY_1 "PROXY "
#define PROXY_1_MOST 107

static bool begins(const uint8_t *b, size_t n, const char *with, size_t length)
{
	size_t i = 0;

	while (i < n && i < length && b[i] == (uint8_t)with[i])
		i++;
	return i == length;
}

/* What a proxy says of its client before the client's own first bytes. */
static size_t proxy_header(const uint8_t *b, size_t n)
{
	size_t length = 0;

	if (begins(b, n, PROXY_2, sizeof(PROXY_2) - 1) && n >= PROXY_2_HEAD) {
		length = PROXY_2_HEAD + ((size_t)b[14] << 8) + b[15];
		return length < n ? length : n;
	}
	if (begins(b, n, PROXY_1, sizeof(PROXY_1) - 1))
		while (length < n && length < PROXY_1_MOST)
			if (b[length++] == '\n')
				return length;
	return 0;
}

static enum payload_verdict judge(const uint8_t *b, size_t n)
{
	enum payload_verdict v;
	size_t skip = proxy_header(b, n);

	if (skip == n)
		return PAYLOAD_SAFE;
	b += skip;
	n -= skip;
	v = payload_frames(b, n);
	if (v == PAYLOAD_FOREIGN)
		v = payload_gateways(b, n);
	return v == PAYLOAD_FOREIGN ? payload_text(b, n) : v;
}

bool payload_may_ride(enum payload_rule rule, const void *bytes, size_t n)
{
	switch (rule) {
	case PAYLOAD_ANY:
		return true;
	case PAYLOAD_AUTO:
		return judge(bytes, n) != PAYLOAD_UNSAFE;
	case PAYLOAD_IDEMPOTENT:
		return judge(bytes, n) == PAYLOAD_SAFE;
	case PAYLOAD_NONE:
		break;
	}
	return false;
}
