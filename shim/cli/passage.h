/* SPDX-License-Identifier: MIT */
/*
 * passage: what a probe's connections say of the way to an address: what becomes of
 * Fast Open there, and what it gains; in words, and in a sentence.
 */
#ifndef CLI_PASSAGE_H
#define CLI_PASSAGE_H

#include "cli/probing.h"
#include "cli/shift.h"

enum passage {
#define PASSAGE(word, means) PASSAGE_##word,
#include "cli/passage.def"
#undef PASSAGE
	PASSAGES
};

/* By the first byte. */
enum passage_gain { GAIN_UNKNOWN, GAIN_FASTER, GAIN_SAME, GAIN_SLOWER };

/* The connections with Fast Open, by how they went. */
enum passage_class {
	CLASS_ACKED,
	CLASS_REFUSED,
	CLASS_OPENED,
	CLASS_ASKED,
	CLASS_NONE, /* no option left */
	CLASS_LOST,
	CLASS_OPTION_LOST,
	CLASS_RESET,
	CLASS_SWALLOWED,
	CLASSES
};

struct passage_found {
	enum passage passage;
	enum passage_gain gain;
	bool is_compared; /* by is something */
	struct shift_found by;
	unsigned int class[CLASSES], contact[CLASSES], total;
	unsigned int lost_plain; /* SYNs of the plain ones */
	int error;		 /* why there is no connection, errno; 0 */
};

/* pause_s: net.ipv4.tcp_fastopen_blackhole_timeout_sec */
void passage_find(const struct probing *p, long pause_s, struct passage_found *ret);
const char *passage_word(enum passage p);
/* faster, same, slower, unknown */
const char *passage_gain_word(enum passage_gain g);
const char *passage_class_word(enum passage_class c);
/* Does Fast Open work there, as far as was seen, and do no harm? */
bool passage_is_good(const struct passage_found *f);

#endif
