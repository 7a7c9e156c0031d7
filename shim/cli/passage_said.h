/* SPDX-License-Identifier: MIT */
/* passage_said: what became of Fast Open on the way, in a sentence, and the remedy. */
#ifndef CLI_PASSAGE_SAID_H
#define CLI_PASSAGE_SAID_H

#include "cli/passage.h"
#include "core/text.h"

/* The kernel's own settings; -1: not known. */
struct passage_kernel {
	long bits;    /* net.ipv4.tcp_fastopen */
	long pause_s; /* net.ipv4.tcp_fastopen_blackhole_timeout_sec */
};

void passage_sentence(const struct probing *p, const struct passage_found *f,
		      const struct passage_kernel *k, struct text *t);
/* A command to paste; empty: there is none, or none is needed. */
void passage_remedy(const struct probing *p, const struct passage_found *f,
		    const struct passage_kernel *k, struct text *t);

#endif
