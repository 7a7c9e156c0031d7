/* SPDX-License-Identifier: MIT */
/*
 * outcome: how a connection went, once per connection, read from the kernel's TCP_INFO
 * (tcp(7); linux/tcp.h since 4.19 for the client's failure reason).
 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

enum outcome {
#define OUTCOME(word, means) OUTCOME_##word,
#define REASON(word, means)
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
	OUTCOMES
};

enum reason {
#define OUTCOME(word, means)
#define REASON(word, means) REASON_##word,
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
	REASONS
};

struct tcp_facts {
	bool handshaking;  /* still SYN_SENT */
	bool nothing_sent; /* ... and not even a SYN has left */
	bool closed;	   /* no connection (any more): refused, reset, timed out */
	bool half_open;	   /* accepted, before the handshake has ended */
	bool syn_data_acked;
	uint8_t client_fail; /* TFO_* of linux/tcp.h */
	uint32_t retransmits;
	uint32_t rtt_us;
	uint64_t bytes_received, bytes_acked;
	uint64_t bytes_again; /* sent more than once: a SYN has none */
};

const char *outcome_word(enum outcome o);
const char *outcome_reason(enum reason r);
/* Negative errno when fd is not TCP. */
int outcome_facts(int fd, struct tcp_facts *ret);
/* deferred: our SYN carried the cookie; had_data: and the first bytes. */
enum outcome outcome_of(const struct tcp_facts *f, bool cookie_syn, bool had_data);

#endif
