/* SPDX-License-Identifier: MIT */
/* shift: how far apart two sets of times lie; see shift.h. */
#include "cli/shift.h"

#include <math.h>
#include <stdlib.h>

#define TAIL 0.025
#define NORMAL 1.959963984540054 /* has TAIL above it */
#define EXACT 8192		 /* pairs; beyond, the sum is as good as normal */
#define MOST 64			 /* of one kind, of one destination */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double shift_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_size);
	return n ? (values[(n - 1) / 2] + values[n / 2]) / 2 : 0;
}

/* --- the chances ----------------------------------------------------------------- */

/*
 * In how many orders of m and n values u of the m * n pairs have the first one above.
 * The highest value of all is one of the m, which is above all n, or one of the n:
 *	ways(u; m, n) = ways(u - n; m - 1, n) + ways(u; m, n - 1)
 * which is done in place, for one more of the n at a time.
 */
static double *count_ways(size_t m, size_t n)
{
	size_t size = m * n + 1;
	double *ways = calloc((m + 1) * size, sizeof(*ways));

	if (!ways)
		return NULL;
	for (size_t k = 0; k <= m; k++)
		ways[k * size] = 1;
	for (size_t of_n = 1; of_n <= n; of_n++)
		for (size_t k = 1; k <= m; k++)
			for (size_t u = of_n; u <= k * of_n; u++)
				ways[k * size + u] += ways[(k - 1) * size + u - of_n];
	for (size_t u = 0; u < size; u++)
		ways[u] = ways[m * size + u];
	return ways;
}

/* The same as chances, of the sum over all destinations: those so far, and one more. */
static bool add_chances(struct shift *s, size_t m, size_t n)
{
	size_t size = s->n + m * n + 1, last = m * n;
	double *ways = count_ways(m, n), *sum = calloc(size, sizeof(*sum)), all = 0;

	for (size_t u = 0; ways && u <= last; u++)
		all += ways[u];
	for (size_t u = 0; ways && sum && u <= last; u++)
		for (size_t k = 0; k <= s->n; k++)
			sum[u + k] += (s->chance ? s->chance[k] : 1) * (ways[u] / all);
	free(s->chance);
	s->chance = ways ? sum : NULL;
	if (!ways)
		free(sum);
	free(ways);
	return s->chance;
}

/* --- the differences ------------------------------------------------------------- */

static bool make_room(struct shift *s, size_t more)
{
	size_t room = 2 * (s->n + more);
	double *longer;

	if (s->n + more <= s->room)
		return true;
	longer = reallocarray(s->difference, room, sizeof(*longer));
	if (!longer)
		return false;
	s->difference = longer;
	s->room = room;
	return true;
}

void shift_add(struct shift *s, const double *x, size_t m, const double *y, size_t n)
{
	bool was_exact = !s->n || s->chance;

	if (!m || !n || m > MOST || n > MOST || s->is_lame)
		return;
	s->mean += (double)(m * n) / 2;
	if (m * n >= s->largest_m * s->largest_n) {
		s->largest_m = m;
		s->largest_n = n;
	}
	s->variance += (double)(m * n * (m + n + 1)) / 12;
	if (was_exact && s->n + m * n <= EXACT) {
		s->is_lame = !add_chances(s, m, n);
	} else {
		free(s->chance);
		s->chance = NULL;
	}
	s->is_lame = s->is_lame || !make_room(s, m * n);
	for (size_t i = 0; !s->is_lame && i < m; i++)
		for (size_t k = 0; k < n; k++)
			s->difference[s->n++] = x[i] - y[k];
}

/* --- what follows ---------------------------------------------------------------- */

/* So many of the smallest differences, and of the largest, lie outside. */
static size_t outside(const struct shift *s)
{
	double below = 0, limit = s->mean - NORMAL * sqrt(s->variance);
	size_t u = 0;

	if (!s->chance)
		return limit > 0 ? (size_t)limit : 0;
	while (below + s->chance[u] < TAIL)
		below += s->chance[u++];
	return u;
}

bool shift_find(const struct shift *s, struct shift_found *ret)
{
	size_t out;

	*ret = (struct shift_found){ 0 };
	if (s->is_lame || !s->n)
		return false;
	ret->by = shift_median(s->difference, s->n);
	out = outside(s);
	ret->is_sure = out > 0;
	if (!out)
		return true;
	ret->low = s->difference[out - 1];
	ret->high = s->difference[s->n - out];
	return true;
}

/* In how many ways m of m + n can be chosen. */
static double choices(size_t m, size_t n)
{
	double all = 1;

	for (size_t i = 1; i <= m; i++)
		all = all * (double)(n + i) / (double)i;
	return all;
}

/* All of one kind below all of the other: the rarest case has to be rare enough. */
unsigned int shift_missing(const struct shift *s)
{
	double rarest = s->n ? (s->chance ? s->chance[0] : 0) : 1;
	double others = rarest * choices(s->largest_m, s->largest_n);
	unsigned int more = 0;

	while (others / choices(s->largest_m + more, s->largest_n + more) >= TAIL)
		more++;
	return more;
}

void shift_drop(struct shift *s)
{
	free(s->difference);
	free(s->chance);
	*s = (struct shift){ 0 };
}
