/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics.c - see statistics.h
 *
 * Both exact tests count subsets. Under the null hypothesis every way to choose which ranks belong to x is equally likely: for
 * Mann-Whitney all subsets of nx ranks, for the signed ranks all subsets. Midranks are halves, so twice a rank is a whole number,
 * and counting subsets by size and sum is a table filled rank by rank. Up to 50 ranks there are fewer than 2^53 subsets: the
 * counts are exact in a double. */
#include "reports/statistics.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EXACT = 50, RESAMPLES = 10000 };

static int by_value(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}

stats_summary stats_summarize(const double *v, size_t n)
{
    stats_summary s = {.n = n, .mean = NAN, .sd = NAN, .min = NAN, .low = NAN, .median = NAN, .high = NAN, .max = NAN};
    double *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted && n) {
        memcpy(sorted, v, n * sizeof *v);
        qsort(sorted, n, sizeof *sorted, by_value);
        s.mean = gsl_stats_mean(v, 1, n);
        s.sd = n > 1 ? gsl_stats_sd(v, 1, n) : NAN;
        s.min = sorted[0];
        s.max = sorted[n - 1];
        s.low = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.25);
        s.median = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.5);
        s.high = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.75);
    }
    free(sorted);
    return s;
}

/* ---- ranks ---- */

typedef struct ranked {
    double value;
    size_t index;
} ranked;

static int by_ranked_value(const void *p, const void *q)
{
    const ranked *a = p, *b = q;
    return (a->value > b->value) - (a->value < b->value);
}

/* Twice the midrank of each value, and the sum of t^3 - t over groups of t equal values. */
static bool twice_midranks(const double *v, size_t n, unsigned *twice, double *ties)
{
    ranked *r = malloc((n + 1) * sizeof *r);
    if (!r)
        return false;
    for (size_t i = 0; i < n; i++)
        r[i] = (ranked){v[i], i};
    qsort(r, n, sizeof *r, by_ranked_value);
    *ties = 0;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && r[j].value == r[i].value; j++)
            ;
        double t = (double)(j - i);
        *ties += t * t * t - t;
        for (size_t k = i; k < j; k++)
            twice[r[k].index] = (unsigned)(i + 1 + j); /* ranks i + 1 to j: twice their mean */
    }
    free(r);
    return true;
}

/* The share of equally likely subsets whose sum is as far from `centre` as `sum` is: of `size` ranks, or of any number of them
 * (SIZE_MAX). NaN when out of memory. */
static double share_as_far(const unsigned *twice, size_t n, size_t size, double sum, double centre)
{
    size_t total = 0, sizes = size == SIZE_MAX ? 1 : size + 1;
    for (size_t i = 0; i < n; i++)
        total += twice[i];
    size_t width = total + 1;
    double *count = calloc(sizes * width, sizeof *count); /* (sizes, sums) */
    if (!count)
        return NAN;
    count[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = sizes; k-- > 0;) {
            if (size != SIZE_MAX && k == 0)
                break;
            double *to = count + k * width;
            const double *from = size == SIZE_MAX ? to : to - width;
            for (size_t s = width; s-- > twice[i];)
                to[s] += from[s - twice[i]];
        }
    double all = 0, far = 0, distance = fabs(sum - centre);
    const double *last = count + (sizes - 1) * width;
    for (size_t s = 0; s < width; s++) {
        all += last[s];
        if (fabs((double)s - centre) >= distance)
            far += last[s];
    }
    free(count);
    return far / all;
}

static double normal_p(double statistic, double mean, double variance)
{
    double distance = fmax(fabs(statistic - mean) - 0.5, 0); /* continuity */
    return variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(distance / sqrt(variance))) : 1;
}

stats_test stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny)
{
    size_t n = nx + ny;
    stats_test t = {.statistic = NAN, .p = NAN, .n = n, .exact = n <= MOST_EXACT};
    double *both = malloc((n + 1) * sizeof *both), ties;
    unsigned *twice = malloc((n + 1) * sizeof *twice);
    if (nx && ny && both && twice) {
        memcpy(both, x, nx * sizeof *x);
        memcpy(both + nx, y, ny * sizeof *y);
        if (twice_midranks(both, n, twice, &ties)) {
            double sum = 0, a = (double)nx, b = (double)ny, all = a + b;
            for (size_t i = 0; i < nx; i++)
                sum += twice[i];
            t.statistic = sum / 2 - a * (a + 1) / 2;
            t.p = t.exact ? share_as_far(twice, n, nx, sum, a * (all + 1))
                          : normal_p(t.statistic, a * b / 2, a * b / 12 * (all + 1 - ties / (all * (all - 1))));
        }
    }
    free(both);
    free(twice);
    return t;
}

stats_test stats_wilcoxon(const double *x, const double *y, size_t n)
{
    stats_test t = {.statistic = NAN, .p = NAN};
    double *size = malloc((n + 1) * sizeof *size), ties;
    bool *positive = malloc((n + 1) * sizeof *positive);
    unsigned *twice = malloc((n + 1) * sizeof *twice);
    for (size_t i = 0; size && positive && i < n; i++)
        if (x[i] != y[i]) {
            positive[t.n] = x[i] > y[i];
            size[t.n++] = fabs(x[i] - y[i]);
        }
    t.exact = t.n <= MOST_EXACT;
    if (t.n && size && positive && twice && twice_midranks(size, t.n, twice, &ties)) {
        double sum = 0, m = (double)t.n;
        for (size_t i = 0; i < t.n; i++)
            sum += positive[i] ? twice[i] : 0;
        t.statistic = sum / 2;
        t.p = t.exact ? share_as_far(twice, t.n, SIZE_MAX, sum, m * (m + 1) / 2)
                      : normal_p(t.statistic, m * (m + 1) / 4, m * (m + 1) * (2 * m + 1) / 24 - ties / 48);
    }
    free(size);
    free(positive);
    free(twice);
    return t;
}

/* ---- sizes of effects ---- */

double stats_a12(const double *x, size_t nx, const double *y, size_t ny)
{
    double wins = 0;
    for (size_t i = 0; i < nx; i++)
        for (size_t j = 0; j < ny; j++)
            wins += x[i] > y[j] ? 1 : x[i] == y[j] ? 0.5 : 0;
    return wins / ((double)nx * (double)ny);
}

const char *stats_a12_name(double a12)
{
    double d = fabs(a12 - 0.5);
    return d < 0.06 ? "negligible" : d < 0.14 ? "small" : d < 0.21 ? "medium" : "large";
}

static double resampled_median(const double *v, size_t n, rng *r, double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = v[rng_below(r, (uint32_t)n)];
    qsort(scratch, n, sizeof *scratch, by_value);
    return gsl_stats_median_from_sorted_data(scratch, 1, n);
}

void stats_bootstrap_median_difference(const double *x, size_t nx, const double *y, size_t ny, rng *r, double *low, double *high)
{
    double *d = malloc(RESAMPLES * sizeof *d), *scratch = malloc((nx + ny + 1) * sizeof *scratch);
    *low = *high = NAN;
    if (d && scratch && nx && ny) {
        for (size_t i = 0; i < RESAMPLES; i++) {
            double mx = resampled_median(x, nx, r, scratch);
            d[i] = mx - resampled_median(y, ny, r, scratch);
        }
        qsort(d, RESAMPLES, sizeof *d, by_value);
        *low = gsl_stats_quantile_from_sorted_data(d, 1, RESAMPLES, 0.025);
        *high = gsl_stats_quantile_from_sorted_data(d, 1, RESAMPLES, 0.975);
    }
    free(d);
    free(scratch);
}

void stats_holm(double *p, size_t n)
{
    ranked *r = malloc((n + 1) * sizeof *r);
    size_t m = 0;
    for (size_t i = 0; r && i < n; i++)
        if (!isnan(p[i]))
            r[m++] = (ranked){p[i], i};
    if (m)
        qsort(r, m, sizeof *r, by_ranked_value);
    double so_far = 0;
    for (size_t i = 0; i < m; i++) {
        so_far = fmax(so_far, fmin(1, (double)(m - i) * r[i].value));
        p[r[i].index] = so_far;
    }
    for (size_t i = 0; !r && i < n; i++)
        p[i] = NAN;
    free(r);
}
