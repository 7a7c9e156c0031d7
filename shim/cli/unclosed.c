/* SPDX-License-Identifier: MIT */
/* unclosed: looks at one ledger; see unclosed.h. */
#include "cli/unclosed.h"

#include <stdio.h>

static void want(struct leaked *k, const struct ledger_place *p)
{
	for (unsigned int i = 0; i < p->depth; i++)
		symbols_want(&k->symbols, p->frame[i]);
}

static void want_site(struct leaked *k, unsigned int site)
{
	struct ledger_place p;

	if (ledger_view_site(k->l, site, &p))
		want(k, &p);
}

/* What is young is named only where it is shown. */
static void want_names(struct leaked *k)
{
	struct ledger_case c;

	for (unsigned int i = 0; i < k->places.n; i++)
		if (k->all || k->places.at[i].count)
			want(k, &k->places.at[i].born);
	for (unsigned int i = 0; i < LEDGER_FINDINGS; i++) {
		if (!ledger_view_finding(k->l, i, &c))
			continue;
		want_site(k, c.here);
		want_site(k, c.closed);
		want_site(k, c.born);
		k->findings++;
	}
}

static void count(struct leaked *k)
{
	for (unsigned int i = 0; i < k->places.n; i++) {
		const struct place *p = &k->places.at[i];

		if (p->meant)
			k->meant += p->count;
		else
			k->unclosed += p->count - p->listening;
	}
}

bool unclosed_look(const struct ledgers_one *one, const struct unclosed_asked *asked,
		   struct leaked *ret)
{
	const struct meant *meant = asked->meant ? asked->meant : &ret->own;

	*ret = (struct leaked){ .one = one, .l = one->page.l };
	ret->all = asked->all;
	ret->min_age_ms = asked->min_age_ms;
	if (one->path)
		ledger_view_program(ret->l, ret->program);
	else
		snprintf(ret->program, sizeof(ret->program), "%s",
			 one->process->program);
	if (!places_read(one, (uint32_t)(asked->min_age_ms / 100), &ret->places))
		return false;
	want_names(ret);
	asked->find(&ret->symbols, ret->l, one->process);
	if (!asked->meant && ret->places.n)
		meant_of_policy(ret->program, one->process, &ret->own);
	meant_mark(meant, ret->l, &ret->symbols, &ret->places);
	count(ret);
	return true;
}

void unclosed_drop(struct leaked *k)
{
	meant_drop(&k->own);
	symbols_drop(&k->symbols);
	places_drop(&k->places);
}
