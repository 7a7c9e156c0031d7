/* SPDX-License-Identifier: MIT */
/* passage: what becomes of Fast Open on the way; see passage.h. */
#include "cli/passage.h"

static const char *const words[] = {
#define PASSAGE(word, means) #word,
#include "cli/passage.def"
#undef PASSAGE
};

const char *passage_word(enum passage p)
{
	return p < PASSAGES ? words[p] : "unknown";
}

const char *passage_gain_word(enum passage_gain g)
{
	switch (g) {
	case GAIN_UNKNOWN:
		break;
	case GAIN_FASTER:
		return "faster";
	case GAIN_SAME:
		return "same";
	case GAIN_SLOWER:
		return "slower";
	}
	return "unknown";
}

const char *passage_class_word(enum passage_class c)
{
	static const char *const names[] = {
		[CLASS_ACKED] = "data_acked",
		[CLASS_REFUSED] = "not_acked",
		[CLASS_OPENED] = "opened_early",
		[CLASS_ASKED] = "cookie_requested",
		[CLASS_NONE] = "plain",
		[CLASS_LOST] = "syn_retransmitted",
		[CLASS_OPTION_LOST] = "option_retransmitted",
		[CLASS_RESET] = "reset",
		[CLASS_SWALLOWED] = "swallowed",
	};

	return c < CLASSES ? names[c] : "unknown";
}

/* --- each of them ---------------------------------------------------------------- */

static enum passage_class class_of(const struct attempt *a)
{
	switch (a->outcome) {
	case OUTCOME_data_acked:
		return CLASS_ACKED; /* whatever came later */
	case OUTCOME_not_acked:
	case OUTCOME_opened_early:
	case OUTCOME_cookie_requested:
	case OUTCOME_syn_retransmitted:
	case OUTCOME_plain:
	case OUTCOMES:
		break;
	}
	if (a->end == ATTEMPT_LOST)
		return CLASS_SWALLOWED;
	if (a->end == ATTEMPT_FAILED && !a->handshake_us)
		return CLASS_RESET;
	if (a->outcome == OUTCOME_syn_retransmitted)
		return CLASS_LOST;
	if (a->outcome == OUTCOME_not_acked)
		return CLASS_REFUSED;
	if (a->outcome == OUTCOME_plain)
		return CLASS_NONE;
	if (a->syn_again)
		return CLASS_OPTION_LOST;
	return a->outcome == OUTCOME_opened_early ? CLASS_OPENED : CLASS_ASKED;
}

static void count(const struct probing *p, struct passage_found *ret)
{
	for (unsigned int i = 0; i < p->contacts; i++)
		ret->contact[class_of(&p->contact[i])]++;
	for (unsigned int i = 0; i < p->fasts; i++)
		ret->class[class_of(&p->fast[i])]++;
	for (unsigned int i = 0; i < p->plains; i++)
		ret->lost_plain += p->plain[i].syn_again;
	ret->total = p->fasts;
	/* without data the contact is one of them */
	for (int c = 0; p->request == REQUEST_NONE && c < CLASSES; c++) {
		ret->class[c] += ret->contact[c];
		ret->total += ret->contact[c];
	}
}

/* --- all of them ----------------------------------------------------------------- */

/* What two thirds of them are; CLASSES: none is. */
static enum passage_class majority(const struct passage_found *f)
{
	for (int c = 0; c < CLASSES; c++)
		if (f->total && 3 * f->class[c] >= 2 * f->total)
			return (enum passage_class)c;
	return CLASSES;
}

/* Was the option alone lost, too, each time? */
static bool is_option_lost(const struct probing *p, const struct passage_found *f)
{
	return p->contacts &&
	       f->contact[CLASS_OPTION_LOST] + f->contact[CLASS_LOST] == p->contacts;
}

static enum passage find(const struct probing *p, const struct passage_found *f,
			 long pause_s)
{
	if (p->is_off)
		return PASSAGE_off;
	if (!f->total)
		return PASSAGE_unknown;
	switch (majority(f)) {
	case CLASS_ACKED:
		return PASSAGE_accepted;
	case CLASS_REFUSED:
		return PASSAGE_data_refused;
	case CLASS_OPENED:
		return PASSAGE_cookie;
	case CLASS_ASKED:
		return p->after.bytes ? PASSAGE_cookie : PASSAGE_no_cookie;
	case CLASS_NONE:
		return pause_s > 0 ? PASSAGE_paused : PASSAGE_unknown;
	case CLASS_LOST:
		return is_option_lost(p, f) ? PASSAGE_option_dropped
					    : PASSAGE_data_dropped;
	case CLASS_OPTION_LOST:
		return PASSAGE_option_dropped;
	case CLASS_RESET:
		return PASSAGE_reset;
	case CLASS_SWALLOWED:
		return PASSAGE_swallowed;
	case CLASSES:
		break;
	}
	return f->class[CLASS_OPENED] + f->class[CLASS_ASKED] == f->total
		       ? PASSAGE_cookie
		       : PASSAGE_mixed;
}

static int error_of(const struct probing *p)
{
	const struct attempt *first = p->plains ? &p->plain[0] : NULL;

	if (!probing_has_route(p))
		return -p->kernel;
	if (first && (first->end == ATTEMPT_FAILED || first->end == ATTEMPT_LOST) &&
	    !first->handshake_us)
		return first->error;
	return 0;
}

static void compare(const struct probing *p, struct passage_found *ret)
{
	double fast[PROBING_PAIRS], plain[PROBING_PAIRS];
	size_t fasts = probing_first_bytes(p->fast, p->fasts, fast);
	size_t plains = probing_first_bytes(p->plain, p->plains, plain);
	struct shift s = { 0 };

	shift_add(&s, fast, fasts, plain, plains);
	ret->is_compared = shift_find(&s, &ret->by);
	shift_drop(&s);
	if (!ret->is_compared || !ret->by.is_sure)
		return;
	ret->gain = ret->by.high < 0  ? GAIN_FASTER
		    : ret->by.low > 0 ? GAIN_SLOWER
				      : GAIN_SAME;
}

void passage_find(const struct probing *p, long pause_s, struct passage_found *ret)
{
	*ret = (struct passage_found){ .error = error_of(p) };
	count(p, ret);
	ret->passage = ret->error ? PASSAGE_unreachable : find(p, ret, pause_s);
	if (!ret->error && !p->is_off)
		compare(p, ret);
}

bool passage_is_good(const struct passage_found *f)
{
	return (f->passage == PASSAGE_accepted || f->passage == PASSAGE_cookie) &&
	       f->gain != GAIN_SLOWER;
}
