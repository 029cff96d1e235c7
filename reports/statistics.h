/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics.h - is one method better than another, from a few repetitions of each?
 *
 * Quartiles are of type 7 of Hyndman and Fan 1996 (doi:10.1080/00031305.1996.10473566), GSL's and R's default. Both tests of
 * significance are two-sided. Up to 50 values together they use the exact distribution of the rank statistic over all ways to
 * hand out the ranks that occurred, which is right with ties too; beyond that the normal approximation with tie and continuity
 * correction. Results are NaN when there is nothing to compute or no memory.
 */
#ifndef REPORTS_STATISTICS_H
#define REPORTS_STATISTICS_H

#include "core/rng.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct stats_summary {
    size_t n;
    double mean, sd, min, low, median, high, max; /* low, high: quartiles; sd: sample (n - 1), NaN for one value */
} stats_summary;
stats_summary stats_summarize(const double *v, size_t n); /* finite values, n > 0 */

typedef struct stats_test {
    double statistic, p; /* NaN when nothing can be tested */
    size_t n;            /* values used: x and y together, or pairs that differ */
    bool exact;
} stats_test;

/* Mann and Whitney 1947 (doi:10.1214/aoms/1177730491). statistic: U of x, the number of pairs in which x is larger, ties half. */
stats_test stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny);
/* Wilcoxon 1945 (doi:10.2307/3001968) signed ranks of x[i] - y[i]; pairs that do not differ are left out. statistic: W+, the rank
 * sum of the positive. */
stats_test stats_wilcoxon(const double *x, const double *y, size_t n);

/* Vargha and Delaney 2000 (doi:10.3102/10769986025002101): the chance that a value of x is larger than one of y, ties half. 0.5:
 * no difference; 0.56, 0.64, 0.71 and beyond (or as far below 0.5) are called small, medium, large. Cliff's delta is 2 A - 1. */
double stats_a12(const double *x, size_t nx, const double *y, size_t ny);
const char *stats_a12_name(double a12); /* "negligible", "small", "medium", "large" */

/* Percentile bootstrap (Efron 1979, doi:10.1214/aos/1176344552) of median(x) - median(y), 95 %, 10,000 resamples drawn from `r`.
 */
void stats_bootstrap_median_difference(const double *x, size_t nx, const double *y, size_t ny, rng *r, double *low, double *high);

/* Holm 1979 (jstor.org/stable/4615733): p-values adjusted for being n, in place; NaN stays and does not count. */
void stats_holm(double *p, size_t n);

#endif
