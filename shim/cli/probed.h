/* SPDX-License-Identifier: MIT */
/* probed: what tfo probe found out, as text; as JSON, see probed_json. */
#ifndef CLI_PROBED_H
#define CLI_PROBED_H

#include <json-c/json.h>

#include "cli/passage_said.h"

struct probed_one {
	struct probing p;
	struct passage_found found;
	bool is_remembered;
};

struct probed {
	const char *place; /* as it was typed */
	const char *host;  /* "": an address */
	enum request_kind request;
	unsigned int pairs, skipped; /* addresses that were not asked */
	struct passage_kernel kernel;
	long holes; /* black holes that the kernel believes it found meanwhile */
	const char *no_memory; /* why nothing is remembered that was to be; NULL */
	unsigned int n;
	struct probed_one *at[];
};

/* The head of all; then each address. */
void probed_show(const struct probed *all);

#endif
