/* SPDX-License-Identifier: MIT */
/*
 * wanted: which connections somebody wants to see: of which programs, to where, ended
 * how. What is given twice means either of them; what is given of several kinds, all.
 */
#ifndef CLI_WANTED_H
#define CLI_WANTED_H

#include "core/scope.h"
#include "core/traffic.h"

struct wanted {
	struct arena arena;
	struct scope_who *programs; /* by name; NULL: every one, and so on */
	struct scope_target *places;
	uint32_t outcomes, reasons; /* bits */
};

/* All there are, as kinds of a value (cli/options). */
extern const char wanted_outcomes[], wanted_reasons[];

/*
 * Adds what an option of `verb` says. 0, or the status to leave with: it is told.
 * place: as in a policy (10.0.0.0/8, *.example.com:443), or a port alone.
 */
int wanted_program(struct wanted *w, const char *verb, const char *text);
int wanted_place(struct wanted *w, const char *verb, const char *text);
/* Words with commas between them. */
int wanted_outcome(struct wanted *w, const char *verb, const char *text);
int wanted_reason(struct wanted *w, const char *verb, const char *text);
bool wanted_has(const struct wanted *w, const struct traffic_event *e);
void wanted_drop(struct wanted *w);

#endif
