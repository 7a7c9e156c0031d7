/* SPDX-License-Identifier: MIT */
/*
 * choice: which connections are ours, and why the others are not: the policy, the
 * kernel's ability, and what the memory says of the destination.  async-signal-safe.
 */
#ifndef PRELOAD_CHOICE_H
#define PRELOAD_CHOICE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/live.h"
#include "core/memory.h"

struct choice {
	struct addr to;
	struct live_rule rule;
	struct memory_view known;
	/*
	 * REASON_none: the socket has TCP_FASTOPEN_CONNECT now; REASON_baseline: not,
	 * but its connection is watched, to compare with; else it goes plainly.
	 */
	enum reason why;
	bool compared; /* chance might have made it REASON_baseline */
};

#define CHOICE_NOT_TCP REASONS /* nothing to decide, nothing to write down */

/* The policy's socket options are set.  false: none of our business. */
bool choice_make(int fd, const struct sockaddr *to, socklen_t len, struct choice *ret);
/* What was seen of the destination: REASON_none if its SYN may wait for data. */
enum reason choice_not_proven(int fd, const struct choice *c);
/* As kernel_is_tcp(), without asking where socket() was seen. */
bool choice_is_tcp(int fd);
/* The connection that was chosen for Fast Open may not have it after all. */
void choice_undo(int fd);

#endif
