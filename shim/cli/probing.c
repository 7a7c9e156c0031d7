/* SPDX-License-Identifier: MIT */
/* probing: the connections to one address; see probing.h. */
#include "cli/probing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/patience.h"
#include "cli/shift.h"
#include "core/clock.h"

#define PAUSE_US 100000	    /* between two of them */
#define ANSWER_US 5000000   /* for one of them, at most */
#define GREETING_US 1000000 /* who speaks first does so by then */
#define ENOUGH 3	    /* of the same trouble, or of silence */

struct turn {
	struct probing *p;
	struct request *request;
	uint64_t until_us; /* none is begun after that ... */
	uint64_t limit_us; /* ... and none takes longer than this */
	const struct probing_watch *watch;
};

bool probing_is_loss(const struct attempt *a)
{
	bool no_connection = a->end == ATTEMPT_LOST || a->end == ATTEMPT_FAILED;

	if (a->kind == ATTEMPT_PLAIN || a->end == ATTEMPT_STOPPED)
		return false;
	return no_connection || a->syn_again || a->outcome == OUTCOME_syn_retransmitted;
}

bool probing_has_route(const struct probing *p)
{
	return !p->kernel || p->kernel == -EOPNOTSUPP;
}

/* --- medians --------------------------------------------------------------------- */

static uint32_t median(double *us, size_t n)
{
	return n ? (uint32_t)shift_median(us, n) : 0;
}

uint32_t probing_handshake_us(const struct attempt *all, unsigned int n)
{
	double us[PROBING_PAIRS];
	size_t known = 0;

	for (unsigned int i = 0; i < n; i++)
		if (all[i].handshake_us)
			us[known++] = all[i].handshake_us;
	return median(us, known);
}

size_t probing_first_bytes(const struct attempt *all, unsigned int n,
			   double ret[PROBING_PAIRS])
{
	size_t known = 0;

	for (unsigned int i = 0; i < n; i++)
		if (all[i].first_byte_us)
			ret[known++] = all[i].first_byte_us;
	return known;
}

uint32_t probing_first_byte_us(const struct attempt *all, unsigned int n)
{
	double us[PROBING_PAIRS];

	return median(us, probing_first_bytes(all, n, us));
}

/* --- one connection -------------------------------------------------------------- */

static uint64_t answer_us(const struct turn *t)
{
	const struct probing *p = t->p;
	bool is_first = !p->contacts && !p->plains;

	if (p->is_mute)
		return 0;
	if (p->request != REQUEST_NONE || p->greets)
		return t->limit_us;
	return !is_first ? 0 : t->limit_us < GREETING_US ? t->limit_us : GREETING_US;
}

/* Another cookie than before: from another server, or with another key. */
static void note_cookie(struct probing *p)
{
	struct cookie now;

	if (p->kernel || cookie_ask(&p->at, &now))
		return;
	if (p->after.bytes && (now.bytes != p->after.bytes ||
			       memcmp(now.value, p->after.value, sizeof(now.value))))
		p->renewed++;
	p->after = now;
}

/* false: it was not to be, or not to its end. */
static bool make(struct turn *t, enum attempt_kind kind, struct attempt *ret)
{
	struct attempt_order order = {
		.to = t->p->at,
		.kind = kind,
		.answer_us = answer_us(t),
		.until_us = clock_now_us() + t->limit_us,
	};

	if (patience_is_over() || clock_now_us() >= t->until_us ||
	    request_make(t->request, &t->p->at))
		return false;
	order.bytes = t->request->bytes;
	order.n = t->request->n;
	if (t->watch->before)
		t->watch->before(t->p);
	attempt_make(&order, ret);
	if (t->watch->after)
		t->watch->after(t->p, ret, t->watch->with);
	if (kind != ATTEMPT_PLAIN)
		note_cookie(t->p);
	return ret->end != ATTEMPT_STOPPED;
}

/* --- all of them ----------------------------------------------------------------- */

static void pause_now(void)
{
	patience_sleep(clock_now_us() + PAUSE_US);
}

static bool plain(struct turn *t)
{
	bool done = make(t, ATTEMPT_PLAIN, &t->p->plain[t->p->plains]);

	t->p->plains += done;
	return done;
}

static bool fast(struct turn *t)
{
	bool done = make(t, ATTEMPT_FAST, &t->p->fast[t->p->fasts]);

	t->p->fasts += done;
	return done;
}

/* The switch is off, or the kernel is too old, where that could not be asked. */
static bool is_denied(const struct attempt *a)
{
	return a->end == ATTEMPT_FAILED &&
	       (a->error == EOPNOTSUPP || a->error == ENOPROTOOPT);
}

static bool contact(struct turn *t)
{
	struct probing *p = t->p;
	const struct attempt *it = &p->contact[p->contacts];

	if (!make(t, ATTEMPT_EMPTY, &p->contact[p->contacts]))
		return false;
	if (is_denied(it)) {
		p->is_off = true;
		return true;
	}
	p->contacts++;
	p->is_mute |= it->end == ATTEMPT_MUTE && p->request != REQUEST_NONE;
	p->greets |= it->end == ATTEMPT_ANSWERED && p->request == REQUEST_NONE;
	return true;
}

static bool is_connection(const struct attempt *a)
{
	return a->end != ATTEMPT_FAILED && a->end != ATTEMPT_LOST;
}

/* Where no cookie can be had, or none came back: is anybody there at all? */
static bool is_there(struct turn *t)
{
	struct probing *p = t->p;

	if (p->contacts && is_connection(&p->contact[0]))
		return true;
	if (p->contacts)
		pause_now();
	if (!plain(t)) {
		p->is_stopped = true;
		return false;
	}
	p->is_mute = p->plain[0].end == ATTEMPT_MUTE && p->request != REQUEST_NONE;
	p->greets = p->plain[0].end == ATTEMPT_ANSWERED && p->request == REQUEST_NONE;
	return is_connection(&p->plain[0]);
}

/* Only these know whether the option alone comes through: what was lost once may have
 * been so by chance. */
static bool contact_again(struct turn *t)
{
	if (!t->p->contacts || !probing_is_loss(&t->p->contact[0]))
		return true;
	pause_now();
	return contact(t);
}

/* More of the same would only disturb. */
static bool is_clear(const struct probing *p)
{
	unsigned int losses = 0, in_a_row = 0;

	for (unsigned int i = 0; i < p->fasts; i++) {
		bool loss = probing_is_loss(&p->fast[i]);

		losses += loss;
		in_a_row = loss ? in_a_row + 1 : 0;
	}
	return (losses == p->fasts && losses >= ENOUGH) ||
	       (p->is_mute && p->fasts >= ENOUGH);
}

static bool pair(struct turn *t)
{
	unsigned char dice = 0;

	if (t->p->is_off)
		return plain(t);
	getrandom(&dice, 1, GRND_NONBLOCK);
	if (dice & 1) {
		if (!plain(t))
			return false;
		pause_now();
		return fast(t);
	}
	if (!fast(t))
		return false;
	pause_now();
	return plain(t);
}

static void pairs(struct turn *t)
{
	struct probing *p = t->p;

	while (p->plains < p->pairs && !is_clear(p) && !p->is_stopped) {
		pause_now();
		p->is_stopped = !pair(t);
	}
}

void probing_run(struct probing *p, struct request *request, uint64_t until_us,
		 const struct probing_watch *watch)
{
	uint64_t now = clock_now_us(), all = until_us > now ? until_us - now : 0;
	struct turn t = { p, request, until_us, ANSWER_US, watch };

	if (t.limit_us > all / 3)
		t.limit_us = all / 3;
	t.until_us -= t.limit_us;
	p->kernel = cookie_ask(&p->at, &p->before);
	p->after = p->before;
	if (!probing_has_route(p))
		return;
	p->is_stopped = !p->is_off && !contact(&t);
	if (p->is_stopped || !is_there(&t))
		return;
	p->is_stopped = !contact_again(&t);
	pairs(&t);
}
