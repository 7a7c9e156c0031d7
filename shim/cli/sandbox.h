/* SPDX-License-Identifier: MIT */
/*
 * sandbox: can a service of systemd load an object, with what its settings hide and
 * forbid? systemd itself is asked, by a service of a moment that has the same settings.
 * Where no systemd runs nothing is known. What follows is left to service.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "core/text.h"

enum sandbox_sight {
	SANDBOX_UNKNOWN, /* nobody can be asked, or the answer is about something else
			  */
	SANDBOX_OPEN,
	SANDBOX_CLOSED,
};

/* unit: its whole name. SANDBOX_CLOSED: why, in the words of the loader. */
enum sandbox_sight sandbox_ask(const char *unit, const char *object, struct text *why);

#endif
