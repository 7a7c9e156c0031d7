/* SPDX-License-Identifier: MIT */
/*
 * payload_frames: what protocols of frames and records ask for: TLS, SSH, HTTP/2, DNS,
 * databases, queues, printers.  async-signal-safe, reads n bytes
 * and no more.
 */
#ifndef CORE_PAYLOAD_FRAMES_H
#define CORE_PAYLOAD_FRAMES_H

#include "core/payload_text.h"

/* PAYLOAD_FOREIGN: none of them.  n is not 0. */
enum payload_verdict payload_frames(const uint8_t *b, size_t n);

#endif
