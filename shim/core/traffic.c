/* SPDX-License-Identifier: MIT */
/* traffic: what all programs of a user did; see traffic.h. */
#include "core/traffic.h"

#include "core/clock.h"

#define MAGIC 0x3266617274666f74u /* "tfotraf2" */
#define RACING 64 /* entries that may be under way while the last of them is whole */

#define FAR_CS 6000 /* nobody watches for longer without saying so again */

#define NOBODY 2 /* no key has this lower half: they are odd */

#define LOAD(x) atomic_load_explicit(&(x), memory_order_acquire)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_release)
#define SET(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, n) atomic_fetch_add_explicit(&(x), (n), memory_order_relaxed)

static const uint32_t bounds_us[TRAFFIC_BUCKETS] = {
	100,	 250,	  500,	   1000,     2500,     5000,
	10000,	 25000,	  50000,   100000,   250000,   500000,
	1000000, 2500000, 5000000, 10000000, 60000000, UINT32_MAX,
};

static const uint32_t bounds_s[TRAFFIC_AGES] = {
	1,     10,    60,     300,    900,     3600,	14400,
	43200, 86400, 172800, 604800, 1209600, 2592000, UINT32_MAX,
};

bool traffic_ready(struct traffic *t)
{
	uint64_t was = 0;

	return atomic_compare_exchange_strong(&t->magic, &was, MAGIC) || was == MAGIC;
}

uint32_t traffic_bound_us(unsigned int bucket)
{
	return bounds_us[bucket < TRAFFIC_BUCKETS ? bucket : TRAFFIC_BUCKETS - 1];
}

uint32_t traffic_age_bound_s(unsigned int bucket)
{
	return bounds_s[bucket < TRAFFIC_AGES ? bucket : TRAFFIC_AGES - 1];
}

/* --- adding up ------------------------------------------------------------------- */

static void count(struct traffic_counts *c, const struct traffic_event *e, uint32_t n)
{
	ADD(c->n[e->outcome][e->reason], n);
}

/*
 * What it held is another's, and is kept: over all programs nothing ever grows less.
 * Of a row that never was anybody's all is zero: two processes of a program that begin
 * at once may both be here, and neither takes what the other has counted already.
 */
static void program_begin(struct traffic *t, struct traffic_program *p,
			  const struct traffic_event *e, uint64_t key)
{
	bool was_used = LOAD(p->whose);

	if (was_used)
		STORE(p->whose, NOBODY);
	for (size_t i = 0; i < TRAFFIC_NAME; i++)
		SET(p->name[i], i + 1 < TRAFFIC_NAME ? e->program[i] : '\0');
	for (int o = 0; was_used && o < OUTCOMES; o++)
		for (int r = 0; r < TRAFFIC_REASONS; r++)
			if (LOAD(p->counts.n[o][r]))
				ADD(t->others.n[o][r],
				    atomic_exchange(&p->counts.n[o][r], 0));
	STORE(p->whose, (uint32_t)key); /* last: up to here nobody believes it */
}

static void count_program(struct traffic *t, uint32_t program,
			  const struct traffic_event *e, uint32_t n)
{
	uint64_t key = (uint64_t)program * 0x9e3779b97f4a7c15u | 1;
	struct rows rows = { (char *)t->program, sizeof(*t->program),
			     TRAFFIC_PROGRAMS };
	struct traffic_program *p;

	p = (struct traffic_program *)(void *)rows_claim(&rows, key, clock_today_s());
	if (p && LOAD(p->whose) != (uint32_t)key)
		program_begin(t, p, e, key);
	count(p ? &p->counts : &t->others, e, n);
}

static enum traffic_path path_of(enum outcome o)
{
	if (o == OUTCOME_data_acked)
		return TRAFFIC_FASTOPEN;
	return o == OUTCOME_syn_retransmitted ? TRAFFIC_FALLBACK : TRAFFIC_PLAIN;
}

static void count_time(struct traffic_times *t, uint32_t us)
{
	int i = 0;

	while (us > bounds_us[i])
		i++;
	ADD(t->bucket[i], 1);
	ADD(t->sum_us, us);
}

/* --- cookies --------------------------------------------------------------------- */

static struct traffic_cookie *cookie_of(struct traffic *t, const struct addr *to,
					uint64_t *ret_key)
{
	struct rows rows = { (char *)t->cookie, sizeof(*t->cookie), TRAFFIC_COOKIES };
	struct addr host = *to;

	host.port = 0;
	*ret_key = addr_hash(&host) * 0x9e3779b97f4a7c15u | 1;
	return (struct traffic_cookie *)(void *)rows_find(&rows, *ret_key);
}

void traffic_cookie_asked(struct traffic *t, const struct addr *to, uint32_t now_s)
{
	struct rows rows = { (char *)t->cookie, sizeof(*t->cookie), TRAFFIC_COOKIES };
	struct traffic_cookie *c;
	uint64_t key;

	c = cookie_of(t, to, &key);
	if (!c)
		c = (struct traffic_cookie *)(void *)rows_claim(&rows, key, now_s);
	if (c)
		STORE(c->asked, rows_stamp(key, now_s));
}

/* The kernel had one, so the last that was asked for was given. */
void traffic_cookie_used(struct traffic *t, const struct addr *to, uint32_t now_s)
{
	uint64_t key;
	struct traffic_cookie *c = cookie_of(t, to, &key);
	uint32_t asked_s = c ? rows_seconds(key, LOAD(c->asked)) : 0, i = 0;

	if (!asked_s || asked_s > now_s)
		return;
	rows_touch(&c->head, key, now_s);
	while (now_s - asked_s > bounds_s[i])
		i++;
	ADD(t->ages.bucket[i], 1);
	ADD(t->ages.sum_s, now_s - asked_s);
}

void traffic_close_error(struct traffic *t, enum traffic_close kind, uint32_t n)
{
	ADD(t->close_errors[kind], n);
}

/* --- events ---------------------------------------------------------------------- */

static void write_event(struct traffic *t, const struct traffic_event *e)
{
	uint64_t turn = atomic_fetch_add(&t->next, 1), word[TRAFFIC_WORDS];
	struct traffic_entry *to = &t->event[turn % TRAFFIC_EVENTS];

	__builtin_memcpy(word, e, sizeof(word));
	STORE(to->turn, 0);
	atomic_thread_fence(memory_order_seq_cst);
	for (size_t i = 0; i < TRAFFIC_WORDS; i++)
		SET(to->word[i], word[i]);
	STORE(to->turn, turn + 1);
}

bool traffic_is_watched(const struct traffic *t)
{
	uint64_t until = LOAD(t->watched_cs), now = until ? clock_today_cs() : 0;

	/* a word from the far future is none: garbage, or the clock was set back */
	return until > now && until - now <= FAR_CS;
}

void traffic_add(struct traffic *t, uint32_t program, const struct traffic_event *e,
		 uint32_t saved_us, uint32_t n)
{
	enum outcome o = (enum outcome)e->outcome;

	if (o >= OUTCOMES || e->reason >= TRAFFIC_REASONS)
		return;
	count(&t->all, e, n);
	count_program(t, program, e, n);
	if (saved_us)
		ADD(t->saved_us, saved_us);
	if (e->first_byte_us)
		count_time(&t->times[path_of(o)], e->first_byte_us);
	if (e->at_us)
		write_event(t, e);
}

static void totals(const struct traffic_counts *c, struct traffic_totals *ret)
{
	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++)
			ret->n[o][r] = LOAD(c->n[o][r]);
}

bool traffic_program(const struct traffic *t, unsigned int row,
		     struct traffic_totals *ret)
{
	const struct traffic_program *p = &t->program[row % TRAFFIC_PROGRAMS];
	uint64_t key = LOAD(p->head.key);

	if (!key || LOAD(p->whose) != (uint32_t)key)
		return false;
	for (size_t i = 0; i < TRAFFIC_NAME; i++)
		ret->name[i] = atomic_load_explicit(&p->name[i], memory_order_relaxed);
	ret->name[TRAFFIC_NAME - 1] = '\0';
	totals(&p->counts, ret);
	return true;
}

void traffic_others(const struct traffic *t, struct traffic_totals *ret)
{
	__builtin_memset(ret->name, 0, sizeof(ret->name));
	totals(&t->others, ret);
}

void traffic_watch(struct traffic *t, uint64_t until_cs)
{
	uint64_t was = LOAD(t->watched_cs);

	/* another may watch for longer */
	if (was < until_cs || was > until_cs + FAR_CS)
		STORE(t->watched_cs, until_cs);
}

uint64_t traffic_now(const struct traffic *t)
{
	return LOAD(t->next);
}

/* A whole entry of that turn? */
static bool read_event(const struct traffic *t, uint64_t turn,
		       struct traffic_event *ret)
{
	const struct traffic_entry *from = &t->event[turn % TRAFFIC_EVENTS];
	uint64_t word[TRAFFIC_WORDS];

	if (LOAD(from->turn) != turn + 1)
		return false;
	for (size_t i = 0; i < TRAFFIC_WORDS; i++)
		word[i] = atomic_load_explicit(&from->word[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (LOAD(from->turn) != turn + 1)
		return false;
	__builtin_memcpy(ret, word, sizeof(word));
	ret->program[TRAFFIC_NAME - 1] = '\0';
	ret->name[TRAFFIC_HOST - 1] = '\0';
	return ret->outcome < OUTCOMES && ret->reason < REASONS;
}

bool traffic_next(const struct traffic *t, uint64_t *at, struct traffic_event *ret,
		  uint64_t *ret_lost)
{
	uint64_t end = traffic_now(t);

	*ret_lost = 0;
	if (*at > end) /* it was begun anew */
		*at = end;
	if (end - *at > TRAFFIC_EVENTS - RACING) {
		*ret_lost = end - *at - (TRAFFIC_EVENTS - RACING);
		*at += *ret_lost;
	}
	while (*at < end) {
		if (read_event(t, *at, ret)) {
			++*at;
			return true;
		}
		/* being written just now; or its writer was killed, and others went on
		 */
		if (end - *at <= RACING)
			return false;
		++*at;
		++*ret_lost;
	}
	return false;
}
