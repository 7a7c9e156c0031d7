/* SPDX-License-Identifier: MIT */
/* counted: what all programs did, to look at; see counted.h. */
#include "cli/counted.h"

#include "cli/statefile.h"

static bool ready(void *at)
{
	return traffic_ready(at);
}

static const struct statefile file = { TRAFFIC_FILE, sizeof(struct traffic), ready };

struct traffic *counted_read(struct text *why, bool *ret_none)
{
	return statefile_read(&file, why, ret_none);
}

struct traffic *counted_map(struct text *why, bool *ret_none)
{
	return statefile_map(&file, why, ret_none);
}

struct search {
	const struct traffic *traffic;
	void (*f)(const struct guest_view *g, const struct process *p, void *with);
	void *with;
	uint64_t own_space; /* of processes; 0: not to be had */
	bool elsewhere;	    /* rows of other pid namespaces are meant, else of ours */
};

/* /proc's start times are by the clock of who reads them: time_namespaces(7). */
static bool is_it(const struct guest_view *g, const struct process *p)
{
	return p->own_pid == g->pid &&
	       (!p->pid_space || !g->pid_space || p->pid_space == g->pid_space) &&
	       (p->start == g->start || !process_shares(p, "time"));
}

static bool next(const struct search *s, unsigned int *row, struct guest_view *ret)
{
	while (*row < TRAFFIC_GUESTS)
		if (guest_look(s->traffic, (*row)++, ret) &&
		    s->elsewhere == (ret->pid_space != s->own_space))
			return true;
	return false;
}

static bool compare(const struct process *p, void *with)
{
	const struct search *s = with;
	struct guest_view g;

	for (unsigned int row = 0; next(s, &row, &g);)
		if (is_it(&g, p))
			s->f(&g, p, s->with);
	return true;
}

/* Those of our own pid namespace have the same number here; others are looked for. */
void counted_running(const struct traffic *t,
		     void (*f)(const struct guest_view *g, const struct process *p,
			       void *with),
		     void *with)
{
	struct search s = { .traffic = t, .f = f, .with = with };
	struct self_process self;
	struct process p;
	struct guest_view g;

	self_process(&self);
	s.own_space = self.pid_space;
	for (unsigned int row = 0; next(&s, &row, &g);)
		if (process_look((int)g.pid, &p) && is_it(&g, &p))
			f(&g, &p, with);
	s.elsewhere = true;
	for (unsigned int row = 0; next(&s, &row, &g); row = TRAFFIC_GUESTS)
		process_each(compare, &s);
}
