/* SPDX-License-Identifier: MIT */
/* verdict: what would happen, in one sentence; see verdict.h. */
#include "cli/verdict.h"

#include <errno.h>

#include "cli/cli.h"
#include "cli/machine.h"
#include "core/clock.h"
#include "core/payload.h"

#define SYSCTL "net.ipv4.tcp_fastopen"

static bool is_on(const struct verdict_facts *f, enum rule_key k)
{
	return rule_value(f->rule, k) > 0;
}

/* Why nothing at all is done, or NULL. */
static const char *nothing(const struct verdict_facts *f)
{
	bool client = f->section == SECTION_connect;
	long bits = machine_fastopen();

	if (object_is_off())
		return "plain: TFOSHIM_OFF is set";
	if (f->is_bad)
		return "plain: the policy has errors, so nothing at all is done";
	if (!is_on(f, KEY_tfo))
		return "plain: the rule says tfo = off";
	if (bits < 0)
		return NULL;
	if (client && !(bits & MACHINE_CLIENT))
		return "plain: " SYSCTL " has the client bit (1) off";
	if (!client && !(bits & MACHINE_SERVER))
		return "plain: " SYSCTL " has the server bit (2) off";
	return NULL;
}

/* --- a listener ------------------------------------------------------------------ */

static const char *listener(const struct verdict_facts *f, struct text *room)
{
	text_str(room, "Fast Open: takes data from SYNs, with a queue of ");
	if (rule_value(f->rule, KEY_qlen) == RULE_UNSET)
		text_str(room, "its backlog, at least 256");
	else
		text_num(room, (uint64_t)rule_value(f->rule, KEY_qlen));
	if (is_on(f, KEY_no_cookie))
		text_str(room, ", from anybody: no-cookie = on");
	return "fast_open";
}

/* --- a connection ---------------------------------------------------------------- */

static bool needs_cookie(const struct verdict_facts *f)
{
	long bits = machine_fastopen();

	return !f->kernel && !f->cookie->bytes && !is_on(f, KEY_no_cookie) &&
	       (bits < 0 || !(bits & MACHINE_CLIENT_NO_COOKIE));
}

/* What the program's habit makes of it, or NULL: it writes first. */
static const char *habit(const struct verdict_facts *f, struct text *room)
{
	switch (f->memory->habit) {
	case HABIT_UNKNOWN:
		text_str(room, "first contact: this program was not seen lately to "
			       "write first there, at once; connect() does what it "
			       "always did, and how it goes on is watched");
		return "first_contact";
	case HABIT_READS_FIRST:
		text_str(room, "opened early: the server speaks first, so the SYN "
			       "leaves inside connect(), with the cookie");
		return "reads_first";
	case HABIT_KNOCKS:
		text_str(room, "opened early: this program only connects there, so the "
			       "SYN leaves inside connect(), with the cookie");
		return "knock";
	case HABIT_WRITES_FIRST:
	case HABIT_WROTE_LATE:
		break;
	}
	return NULL;
}

static const char *carries(const struct verdict_facts *f)
{
	switch ((enum payload_rule)rule_value(f->rule, KEY_payload)) {
	case PAYLOAD_ANY:
		return "carries them, whatever they are";
	case PAYLOAD_AUTO:
		return "carries them, unless they are known to be unsafe to repeat";
	case PAYLOAD_IDEMPOTENT:
		return "carries them if they are known to be safe to repeat";
	case PAYLOAD_NONE:
		return "leaves alone then: payload = none";
	}
	return "";
}

static const char *deferred(const struct verdict_facts *f, struct text *room)
{
	text_str(room, "would be deferred");
	if (f->cookie->is_own_host)
		text_str(room, " if it has a listener just then (it is this host)");
	text_str(room, ": connect() is answered at once, the SYN waits for the first "
		       "bytes and ");
	text_str(room, carries(f));
	if (f->kernel)
		text_str(room, "; provided that the kernel holds a cookie, which is "
			       "not known here");
	return "deferred";
}

/* What the kernel makes of it, or NULL: it depends on the program. */
static const char *kernel(const struct verdict_facts *f, struct text *room)
{
	if (addr_is_link_local(f->at)) {
		text_str(room, "first contact: the address is another host's on "
			       "another link, so nothing is believed of it");
		return "first_contact";
	}
	if (f->kernel && f->kernel != -EOPNOTSUPP) {
		text_str(room, "plain: there is no way to this address");
		return "plain";
	}
	if (f->memory && addr_is_loopback(f->at) &&
	    f->memory->habit == HABIT_READS_FIRST) {
		text_str(room, "plain: the server speaks first, and within this host "
			       "there is no round trip to save");
		return "plain";
	}
	if (needs_cookie(f)) {
		text_str(room, "cookie requested: the kernel holds no cookie yet, so "
			       "an ordinary handshake asks for one");
		return "cookie_requested";
	}
	return NULL;
}

/* Seconds from now on, at least one. */
static uint64_t in_s(uint64_t then_cs)
{
	uint64_t now = clock_today_cs();

	return then_cs > now ? (then_cs - now + 99) / 100 : 1;
}

/* NULL: there is none, or a trial would end it. */
static const char *pause(const struct verdict_facts *f, struct text *room)
{
	const struct memory_view *v = f->memory;

	if (!v || v->pause == REASON_none || v->is_due)
		return NULL;
	text_str(room, "plain: ");
	if (v->pause == REASON_slower) {
		text_str(room, "paused, Fast Open was slower there");
	} else if (v->of_all) {
		text_str(room, "all destinations are paused, SYNs with Fast Open were "
			       "lost on the way to several");
	} else {
		text_str(room, "paused, ");
		text_num(room, v->strikes.count);
		text_str(room, v->strikes.count == 1 ? " SYN" : " SYNs");
		text_str(room, " with Fast Open lost there without a success between");
	}
	text_str(room, "; tried again in ");
	text_num(room, in_s(v->until_cs));
	text_str(room, " s");
	return v->pause == REASON_slower ? "slower" : "paused";
}

static const char *connection(const struct verdict_facts *f, struct text *room)
{
	const char *word = pause(f, room);

	if (!word)
		word = kernel(f, room);
	if (word)
		return word;
	if (!f->has_program || !f->memory) {
		text_str(room, f->has_program ? "it depends on the program's past, "
						"which is not known here"
					      : "it depends on the program: name it "
						"with --program");
		return "unknown";
	}
	word = habit(f, room);
	if (word)
		return word;
	/* of this host the kernel is asked, not the memory */
	if (f->memory->answered || f->cookie->is_own_host)
		return deferred(f, room);
	text_str(room, "first contact: nobody answered there lately, so connect() does "
		       "what it always did");
	return "first_contact";
}

const char *verdict_of(const struct verdict_facts *f, struct text *room)
{
	const char *why = nothing(f);

	room->n = 0;
	if (why) {
		text_str(room, why);
		return "plain";
	}
	return f->section == SECTION_connect ? connection(f, room) : listener(f, room);
}
