/* SPDX-License-Identifier: MIT */
/*
 * reset: forgets what is known of destinations: one, or all of them. Running programs
 * see it at once, since they share the memory.
 */
#include "cli/cli.h"

#include <limits.h>

#include "cli/known.h"
#include "cli/where.h"

/* What nobody knows need not be forgotten. */
static int forget(struct memory *m, const char *place, const struct where *where)
{
	bool known = false;

	for (unsigned int i = 0; i < where->n; i++)
		known = memory_forget(m, &where->at[i]) || known;
	if (known)
		return STATUS_OK;
	say_error("'%s' is not known, there was nothing to forget", place);
	return STATUS_FINDING;
}

static int reset_main(int argc, char **argv)
{
	const char *place = argc > 1 ? argv[1] : NULL;
	struct where where;
	struct memory *m;
	int status = STATUS_OK;
	bool is_none;
	TEXT(why, PATH_MAX + 128);

	if (place && place[0] == '-')
		return say_usage("reset", "it has no options");
	if (argc > 2)
		return say_usage("reset", "it takes one ADDRESS:PORT, or nothing");
	if (place)
		status = where_find("reset", place, false, &where);
	if (status)
		return status;
	m = known_map(&why, &is_none);
	if (!m && is_none && !place)
		return STATUS_OK;
	if (!m) {
		say_error("nothing can be forgotten: %s", why.at);
		return STATUS_FINDING;
	}
	if (place)
		return forget(m, place, &where);
	memory_forget_all(m);
	return STATUS_OK;
}

const struct verb reset_verb = {
	.name = "reset",
	.synopsis = "[ADDRESS:PORT]",
	.summary = "forget what is known of a destination, or of all",
	.details = "ADDRESS may be a host name: then all its addresses are forgotten. "
		   "Pauses end,\n"
		   "strikes and measured times are gone; running programs see it at "
		   "once.\n"
		   "\n"
		   "Exit status: 0 done, 1 it was not known or the memory cannot be "
		   "used,\n"
		   "2 bad usage.\n",
	.main = reset_main,
};
