/* SPDX-License-Identifier: MIT */
/* passage_said: ... in a sentence, and the remedy; see passage_said.h. */
#include "cli/passage_said.h"

#include <errno.h>
#include <string.h>

#include "cli/machine.h"
#include "cli/spell.h"

#define SHORT_US 1000 /* a gain below this is hardly one */

/* "3 of 10" */
static void of(struct text *t, unsigned int n, unsigned int total)
{
	text_num(t, n);
	text_str(t, " of ");
	text_num(t, total);
}

static double magnitude(double x)
{
	return x < 0 ? -x : x;
}

/* --- what is gained -------------------------------------------------------------- */

/* Low and high are those of x - y; who comes sooner has both below zero. */
static void interval(struct text *t, const struct shift_found *by)
{
	double a = magnitude(by->low), b = magnitude(by->high);

	text_str(t, " (95 %: ");
	spell_ms(t, a < b ? a : b);
	text_str(t, " to ");
	spell_ms(t, a < b ? b : a);
	text_str(t, ")");
}

/* A wide interval says that little was seen, and not that there is no difference. */
static void say_same(struct text *t, const struct probing *p,
		     const struct passage_found *f)
{
	bool is_wide = 5 * (f->by.high - f->by.low) >
		       probing_first_byte_us(p->plain, p->plains);

	text_str(t, is_wide ? "whether the first byte comes sooner cannot be told "
			      "from so few connections (95 %: "
			    : "the first byte comes as soon without (95 %: ");
	spell_ms(t, magnitude(f->by.low));
	text_str(t, f->by.low < 0 ? " sooner to " : " later to ");
	spell_ms(t, magnitude(f->by.high));
	text_str(t, f->by.high < 0 ? " sooner)" : " later)");
	text_str(t, is_wide ? "; -n makes more" : "");
}

static void say_uncompared(struct text *t, const struct probing *p)
{
	if (p->is_mute)
		text_str(t, "the server does not answer what is sent, so that no times "
			    "can be compared");
	else if (!probing_first_byte_us(p->plain, p->plains))
		text_str(t, "the server closes without an answer, so that no times can "
			    "be compared");
	else
		text_str(t, "there are too few connections to compare times");
}

static void say_gain(struct text *t, const struct probing *p,
		     const struct passage_found *f)
{
	double by = magnitude(f->by.by);

	switch (f->gain) {
	case GAIN_UNKNOWN:
		say_uncompared(t, p);
		return;
	case GAIN_SAME:
		say_same(t, p, f);
		return;
	case GAIN_FASTER:
	case GAIN_SLOWER:
		break;
	}
	text_str(t, "the first byte comes ");
	spell_ms(t, by);
	text_str(t, f->gain == GAIN_FASTER ? " sooner" : " later");
	interval(t, &f->by);
	if (f->gain == GAIN_FASTER && p->before.is_own_host)
		text_str(t, "; within one host tfoshim leaves it at that");
	else if (f->gain == GAIN_FASTER && by < SHORT_US)
		text_str(t, ": on so short a way that is hardly worth having");
}

/* What was otherwise, in a word. */
static void say_rest(struct text *t, const struct probing *p,
		     const struct passage_found *f, unsigned int those)
{
	if (those < f->total) {
		text_str(t, "; that was so in ");
		of(t, those, f->total);
		text_str(t, " connections");
	}
	if (f->lost_plain) {
		text_str(t, "; the way loses packets: ");
		of(t, f->lost_plain, p->plains);
		text_str(t, " plain SYNs, too");
	}
}

/* --- the words, one by one ------------------------------------------------------- */

static void say_accepted(struct text *t, const struct probing *p,
			 const struct passage_found *f)
{
	text_str(t, f->gain == GAIN_FASTER ? "Fast Open works: the SYN's data is "
					     "accepted, and "
					   : "the SYN's data is accepted, but ");
	say_gain(t, p, f);
	say_rest(t, p, f, f->class[CLASS_ACKED]);
}

static void say_cookie(struct text *t, const struct probing *p,
		       const struct passage_found *f)
{
	text_str(t, p->after.bytes || f->class[CLASS_OPENED]
			    ? "the server gives a cookie, and answers SYNs that have it"
			    : "SYNs with the option are answered");
	if (p->greets) {
		text_str(t, "; it speaks first: ");
		say_gain(t, p, f);
	} else {
		text_str(t, "; nothing was sent, so whether it takes data in the SYN "
			    "is not known: --http or --tls tells");
	}
	say_rest(t, p, f, f->class[CLASS_OPENED] + f->class[CLASS_ASKED]);
}

static void say_no_cookie(struct text *t, const struct probing *p,
			  const struct passage_found *f)
{
	text_str(t, "no cookie is given: the server does no Fast Open, or the option "
		    "is taken out on the way, there or back; from this end both look "
		    "the same, and neither costs time");
	say_rest(t, p, f, f->class[CLASS_ASKED]);
}

/* SYNs with data go out without one, even where there is one. */
static bool is_without_cookie(const struct probing *p, const struct passage_kernel *k)
{
	return (k->bits > 0 && k->bits & MACHINE_CLIENT_NO_COOKIE) ||
	       (!p->kernel && !p->after.bytes);
}

static void say_refused(struct text *t, const struct probing *p,
			const struct passage_found *f, const struct passage_kernel *k)
{
	text_str(t, "data in the SYN is not taken, and goes again in the third packet, "
		    "so that no time is lost: ");
	if (is_without_cookie(p, k))
		text_str(t,
			 "it was sent without a cookie, as net.ipv4.tcp_fastopen (4) "
			 "or the route has it here, and the server wants one");
	else if (3 * p->renewed >= 2 * f->class[CLASS_REFUSED])
		text_str(t, "another cookie came each time, as from servers behind one "
			    "address that do not share a key (key-file)");
	else if (!p->before.bytes && p->after.bytes)
		text_str(t, "the cookie is new, so the option comes through and the "
			    "server does Fast Open; something on the way takes the "
			    "data out, or the server has no room for more such "
			    "connections");
	else
		text_str(t, "the cookie is an old one; the server no longer does Fast "
			    "Open, or the data or the option is taken out on the way: "
			    "from this end they look the same");
	say_rest(t, p, f, f->class[CLASS_REFUSED]);
}

/* Of those that had trouble; it is told before there are enough to be sure of it. */
static void say_trouble(struct text *t, const struct probing *p,
			const struct passage_found *f, const char *what,
			const char *effect, unsigned int those)
{
	text_str(t, what);
	text_str(t, effect);
	if (f->is_compared && f->by.by > 0) {
		text_str(t, "; with Fast Open the first byte comes ");
		spell_ms(t, f->by.by);
		text_str(t, " later");
	}
	say_rest(t, p, f, those);
}

static const char *what_had_trouble(const struct passage_found *f,
				    enum passage_class same)
{
	unsigned int contacts = 0;

	for (int c = 0; c < CLASSES; c++)
		contacts += f->contact[c];
	return contacts && f->contact[same] == contacts
		       ? "SYNs with the option, with data or without, "
		       : "SYNs with data ";
}

static void say_mixed(struct text *t, const struct passage_found *f)
{
	const char *comma = "Fast Open goes now this way, now that: ";

	for (int c = 0; c < CLASSES; c++)
		if (f->class[c]) {
			text_str(t, comma);
			text_num(t, f->class[c]);
			text_char(t, ' ');
			text_str(t, passage_class_word((enum passage_class)c));
			comma = ", ";
		}
	text_str(t, "; that is a way that loses packets, or several servers behind one "
		    "address");
}

static void say_off(struct text *t, const struct probing *p,
		    const struct passage_kernel *k)
{
	text_str(t, "this machine's clients do no Fast Open");
	if (k->bits >= 0) {
		text_str(t, " (1 is not in net.ipv4.tcp_fastopen=");
		text_num(t, (uint64_t)k->bits);
		text_str(t, ")");
	}
	text_str(t, ", so it was not tried");
	if (probing_handshake_us(p->plain, p->plains)) {
		text_str(t, "; a round trip there, which is what it may save, takes ");
		spell_ms(t, probing_handshake_us(p->plain, p->plains));
	}
}

static void say_unreachable(struct text *t, const struct passage_found *f)
{
	const char *what = f->error == ECONNREFUSED ? "nobody listens there"
			   : f->error == ETIMEDOUT  ? "nothing answers there"
			   : f->error == ENETUNREACH || f->error == EADDRNOTAVAIL
				   ? "there is no route from here"
				   : "no connection can be made";

	text_str(t, what);
	text_str(t, ", with Fast Open or without: ");
	text_str(t, strerror(f->error));
}

/* false: it is none of these. */
static bool say_bad(struct text *t, const struct probing *p,
		    const struct passage_found *f)
{
	if (f->passage == PASSAGE_data_dropped)
		say_trouble(t, p, f, "SYNs with data are lost, while those with the ",
			    "option alone come through", f->class[CLASS_LOST]);
	else if (f->passage == PASSAGE_option_dropped)
		say_trouble(t, p, f, "SYNs with the option, with data or without, ",
			    "are lost, or their answers",
			    f->class[CLASS_LOST] + f->class[CLASS_OPTION_LOST]);
	else if (f->passage == PASSAGE_reset)
		say_trouble(t, p, f, what_had_trouble(f, CLASS_RESET),
			    "are answered by a reset, where a plain one is served",
			    f->class[CLASS_RESET]);
	else if (f->passage == PASSAGE_swallowed)
		say_trouble(t, p, f, what_had_trouble(f, CLASS_SWALLOWED),
			    "are followed by silence: nothing of such a connection "
			    "comes back, and all of it is lost",
			    f->class[CLASS_SWALLOWED]);
	else
		return false;
	return true;
}

static void say_unknown(struct text *t, const struct probing *p,
			const struct passage_found *f)
{
	if (f->passage == PASSAGE_paused)
		text_str(t,
			 "the kernel has paused Fast Open of all clients here, since "
			 "it took some way for a black hole");
	else if (p->is_stopped)
		text_str(t, "it was stopped before anything could be said");
	else
		text_str(t,
			 "the kernel sent no Fast Open option, and does not say why");
}

void passage_sentence(const struct probing *p, const struct passage_found *f,
		      const struct passage_kernel *k, struct text *t)
{
	if (f->passage == PASSAGE_accepted)
		say_accepted(t, p, f);
	else if (f->passage == PASSAGE_cookie)
		say_cookie(t, p, f);
	else if (f->passage == PASSAGE_no_cookie)
		say_no_cookie(t, p, f);
	else if (f->passage == PASSAGE_data_refused)
		say_refused(t, p, f, k);
	else if (f->passage == PASSAGE_mixed)
		say_mixed(t, f);
	else if (f->passage == PASSAGE_off)
		say_off(t, p, k);
	else if (f->passage == PASSAGE_unreachable)
		say_unreachable(t, f);
	else if (!say_bad(t, p, f))
		say_unknown(t, p, f);
}

/* --- the remedy ------------------------------------------------------------------ */

static void leave_it_off(struct text *t, const struct addr *at)
{
	text_str(t, "printf '[connect ");
	addr_print(t, at);
	text_str(t, "]\\ntfo = off\\n' > " TFOSHIM_SYSCONFDIR
		    "/tfoshim/policy.d/10-probed.policy");
}

void passage_remedy(const struct probing *p, const struct passage_found *f,
		    const struct passage_kernel *k, struct text *t)
{
	bool hurts = f->passage == PASSAGE_data_dropped ||
		     f->passage == PASSAGE_option_dropped ||
		     f->passage == PASSAGE_reset || f->passage == PASSAGE_swallowed ||
		     f->gain == GAIN_SLOWER;

	if (f->passage == PASSAGE_off && k->bits >= 0) {
		text_str(t, "sysctl -w net.ipv4.tcp_fastopen=");
		text_num(t, (uint64_t)k->bits | 1);
	} else if (f->passage == PASSAGE_data_refused && k->bits > 0 &&
		   k->bits & MACHINE_CLIENT_NO_COOKIE) {
		text_str(t, "sysctl -w net.ipv4.tcp_fastopen=");
		text_num(t, (uint64_t)(k->bits & ~(long)MACHINE_CLIENT_NO_COOKIE));
	} else if (f->passage == PASSAGE_paused) {
		text_str(t, "sysctl -w net.ipv4.tcp_fastopen_blackhole_timeout_sec=");
		text_num(t, (uint64_t)k->pause_s);
	} else if (hurts) {
		leave_it_off(t, &p->at);
	}
}
