/* SPDX-License-Identifier: MIT */
/*
 * payload_gateways: what a web server hands on to the program behind it, by FastCGI,
 * uwsgi, SCGI or AJP.  async-signal-safe, reads n bytes and no more.
 */
#ifndef CORE_PAYLOAD_GATEWAYS_H
#define CORE_PAYLOAD_GATEWAYS_H

#include "core/payload_text.h"

/* PAYLOAD_FOREIGN: none of them.  n is not 0. */
enum payload_verdict payload_gateways(const uint8_t *b, size_t n);

#endif
