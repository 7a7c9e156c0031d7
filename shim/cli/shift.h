/* SPDX-License-Identifier: MIT */
/*
 * shift: by how much the times of one kind of connection lie above or below those of
 * the other, and how sure that is: the estimate of Hodges and Lehmann, with the
 * interval that the test of Mann, Whitney and Wilcoxon gives. Pairs are made within a
 * destination only, so that a far one and a near one can be put together. Pure
 * arithmetic: where the times come from is left to others.
 *
 * It asks nothing of the shape of what is compared, which matters here: few samples,
 * and now and then one of a second.
 */
#ifndef CLI_SHIFT_H
#define CLI_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

struct shift {
	double *difference; /* of all pairs */
	size_t n, room;
	double *chance; /* of so many of them being positive, should there be no shift;
			   NULL: they are too many, ... */
	double mean, variance;	     /* ... and this will do */
	size_t largest_m, largest_n; /* ... of one destination */
	bool is_lame;		     /* no memory */
};

/* A zeroed one is empty. One destination's: x against y. */
void shift_add(struct shift *s, const double *x, size_t m, const double *y, size_t n);

struct shift_found {
	double by;	  /* x lies so much above y; negative: below */
	double low, high; /* with 95 %: between these */
	bool is_sure;	  /* there are enough of them for low and high */
};
/* false: there is no pair. */
bool shift_find(const struct shift *s, struct shift_found *ret);
/* So many more of each kind, of one destination, and it will be sure; 0: it is. */
unsigned int shift_missing(const struct shift *s);
void shift_drop(struct shift *s);

/* The median; values are put in order. */
double shift_median(double *values, size_t n);

#endif
