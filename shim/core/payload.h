/* SPDX-License-Identifier: MIT */
/*
 * payload: what may ride in a SYN, judged from a connection's first bytes.  A SYN with
 * data can reach the application twice (RFC 7413, section 6.1 and 6.3.1), so a request
 * that is unsafe to repeat is held back.
 */
#ifndef CORE_PAYLOAD_H
#define CORE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

/* As many first bytes as the judgement can use. */
#define PAYLOAD_BYTES 16

/* May these first n bytes be repeated as far as one can know (policy payload = auto)?
 */
bool payload_may_repeat(const void *bytes, size_t n);

#endif
