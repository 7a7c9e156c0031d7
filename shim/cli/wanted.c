/* SPDX-License-Identifier: MIT */
/* wanted: which connections somebody wants to see; see wanted.h. */
#include "cli/wanted.h"

#include <string.h>

#include "cli/cli.h"

const char wanted_outcomes[] =
#define OUTCOME(word, means) #word "|"
#define REASON(word, means)
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
	"";

const char wanted_reasons[] =
#define OUTCOME(word, means)
#define REASON(word, means) #word "|"
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
	"";

static int no_memory(void)
{
	say_error("no memory");
	return STATUS_SELF;
}

/* --- reading --------------------------------------------------------------------- */

int wanted_program(struct wanted *w, const char *verb, const char *text)
{
	const char *slash = strrchr(text, '/');
	struct scope_who *who = arena_take(&w->arena, sizeof(*who));

	if (!who)
		return no_memory();
	*who = (struct scope_who){ slash ? slash + 1 : text, w->programs };
	if (!*who->name) {
		say_error("%s: '%s' names no program", verb, text);
		return STATUS_USAGE;
	}
	w->programs = who;
	return STATUS_OK;
}

/* A port is one everywhere: "*:443". */
static char *whole_place(struct arena *a, const char *text)
{
	bool is_port = text[strspn(text, "0123456789")] == '\0';
	const char *before = *text == ':' ? "*" : is_port && *text ? "*:" : "";
	size_t n = strlen(before), rest = strlen(text);
	char *whole = arena_take(a, n + rest + 1);

	if (whole) {
		memcpy(whole, before, n);
		memcpy(whole + n, text, rest);
	}
	return whole;
}

int wanted_place(struct wanted *w, const char *verb, const char *text)
{
	struct scope_target *place = arena_take(&w->arena, sizeof(*place));
	char *whole = whole_place(&w->arena, text);
	const char *wrong;
	size_t at;
	TEXT(why, 256);

	if (!place || !whole)
		return no_memory();
	wrong = *whole ? scope_target_parse(&w->arena, whole, strlen(whole), place, &at,
					    &why)
		       : "a destination is missing";
	if (wrong) {
		say_error("%s: '%s' is no destination: %s", verb, text, wrong);
		return STATUS_USAGE;
	}
	place->next = w->places;
	w->places = place;
	return STATUS_OK;
}

/* A table of words, by number. */
struct words {
	const char *kind;
	int from, end;
	const char *(*word)(int number);
};

static const char *outcome_name(int o)
{
	return outcome_word((enum outcome)o);
}

static const char *reason_name(int r)
{
	return outcome_reason((enum reason)r);
}

static const struct words outcomes = { "outcome", 0, OUTCOMES, outcome_name };
static const struct words reasons = { "reason", 0, REASONS, reason_name };

static int no_such_word(const struct words *of, const char *verb, const char *word,
			size_t n)
{
	TEXT(all, 512);

	for (int i = of->from; i < of->end; i++) {
		text_str(&all, i == of->from ? "" : ", ");
		text_str(&all, of->word(i));
	}
	say_error("%s: '%.*s' is no %s; there are: %s", verb, (int)n, word, of->kind,
		  all.at);
	return STATUS_USAGE;
}

static int read_words(const struct words *of, const char *verb, const char *text,
		      uint32_t *bits)
{
	size_t n;

	do {
		int i = of->from;

		n = strcspn(text, ",");
		while (i < of->end && (strncmp(of->word(i), text, n) || of->word(i)[n]))
			i++;
		if (i == of->end)
			return no_such_word(of, verb, text, n);
		*bits |= 1u << i;
		text += n + 1;
	} while (text[-1]);
	return STATUS_OK;
}

int wanted_outcome(struct wanted *w, const char *verb, const char *text)
{
	return read_words(&outcomes, verb, text, &w->outcomes);
}

int wanted_reason(struct wanted *w, const char *verb, const char *text)
{
	return read_words(&reasons, verb, text, &w->reasons);
}

/* --- asking ---------------------------------------------------------------------- */

/* Names in the file may be cut off. */
static bool has_program(const struct scope_who *who, const char *program)
{
	for (; who; who = who->next)
		if (!strncmp(who->name, program, TRAFFIC_NAME - 1))
			return true;
	return false;
}

static bool is_in_net(const struct scope_target *p, const struct addr *to)
{
	struct addr net = *to;

	if (to->version != p->net.version)
		return false;
	addr_mask(&net, p->bits);
	return addr_same_host(&net, &p->net);
}

/* Names are compared as the resolver does: whatever the case, with or without a dot. */
static bool has_name(const struct scope_target *p, const char *name)
{
	size_t n = strlen(name);

	n -= n && name[n - 1] == '.';
	if (n < p->host_n || strncasecmp(name + n - p->host_n, p->host, p->host_n))
		return false;
	if (p->kind == SCOPE_HOST)
		return n == p->host_n;
	return n > p->host_n && name[n - p->host_n - 1] == '.';
}

static bool is_at(const struct scope_target *p, const struct traffic_event *e)
{
	if (!scope_has_port(p, e->to.port))
		return false;
	switch (p->kind) {
	case SCOPE_ANY:
		return true;
	case SCOPE_NET:
		return is_in_net(p, &e->to);
	case SCOPE_HOST:
	case SCOPE_SUFFIX:
		return has_name(p, e->name);
	}
	return false;
}

static bool has_place(const struct scope_target *p, const struct traffic_event *e)
{
	for (; p; p = p->next)
		if (is_at(p, e))
			return true;
	return false;
}

bool wanted_has(const struct wanted *w, const struct traffic_event *e)
{
	return (!w->outcomes || w->outcomes >> e->outcome & 1) &&
	       (!w->reasons || w->reasons >> e->reason & 1) &&
	       (!w->programs || has_program(w->programs, e->program)) &&
	       (!w->places || has_place(w->places, e));
}

void wanted_drop(struct wanted *w)
{
	arena_drop(&w->arena);
}
