/* SPDX-License-Identifier: MIT */
/*
 * attempt: one connection to a destination, plain or with Fast Open, as quick as it can
 * be had, and how it went: when its handshake ended and the first byte came, and what
 * TCP_INFO says. What follows from it is left to who asked.
 */
#ifndef CLI_ATTEMPT_H
#define CLI_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/outcome.h"

enum attempt_kind {
	ATTEMPT_PLAIN,
	ATTEMPT_EMPTY, /* Fast Open's option, and the bytes after the handshake */
	ATTEMPT_FAST,  /* ... and the bytes in the SYN, where there is a cookie */
};

struct attempt_order {
	struct addr to;
	enum attempt_kind kind;
	const void *bytes; /* n of them are sent; 0: nothing */
	size_t n;
	uint64_t answer_us; /* so long its answer is waited for; 0: not at all */
	uint64_t until_us;  /* CLOCK_MONOTONIC: all of it ends then */
};

enum attempt_end {
	ATTEMPT_ANSWERED, /* a byte came */
	ATTEMPT_OPENED,	  /* there was a handshake, and no answer was waited for */
	ATTEMPT_MUTE,	  /* ... and none came */
	ATTEMPT_CLOSED,	  /* ended by the other side, without a byte */
	ATTEMPT_FAILED,	  /* by an error */
	ATTEMPT_LOST,	  /* nothing came back, not even a refusal */
	ATTEMPT_STOPPED,  /* patience was over */
};

struct attempt {
	enum attempt_kind kind;
	enum attempt_end end;
	int error;   /* of ATTEMPT_FAILED and ATTEMPT_LOST: errno */
	bool opened; /* its SYN had a cookie */
	size_t rode; /* bytes of data in it */
	uint32_t handshake_us, first_byte_us; /* after connect(); 0: never */
	struct tcp_facts facts;
	enum outcome outcome;
	bool syn_again; /* a SYN was sent a second time */
	uint64_t begun_cs;
};

void attempt_make(const struct attempt_order *order, struct attempt *ret);

#endif
