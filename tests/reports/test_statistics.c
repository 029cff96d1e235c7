/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests of significance against published values, against SciPy, and against plain enumeration of every assignment of ranks.
 */
#include "reports/statistics.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define NEAR(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))
#define COUNT(v) (sizeof(v) / sizeof(v)[0])

/* Hollander and Wolfe 1973, page 69: permeability constants of the human chorioamnion; R's ?wilcox.test gives W = 35, p = 0.1272
 * one-sided. */
static void mann_whitney_of_the_literature(void **state)
{
    (void)state;
    const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                 early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    stats_test t = stats_mann_whitney(at_term, 10, early, 5);
    assert_true(t.exact);
    NEAR(t.statistic, 35, 0);
    NEAR(t.p, 2 * 0.1272, 1e-4);
    /* scipy.stats.mannwhitneyu's documentation: ages of diabetics */
    const double men[] = {19, 22, 16, 29, 24}, women[] = {20, 11, 17, 12};
    t = stats_mann_whitney(men, 5, women, 4);
    NEAR(t.statistic, 17, 0);
    NEAR(t.p, 1.0 / 9, 1e-12);
    NEAR(stats_a12(men, 5, women, 4), 17.0 / 20, 1e-15);
    assert_string_equal(stats_a12_name(17.0 / 20), "large");
}

/* Hollander and Wolfe 1973, page 29: depression scale; R's ?wilcox.test gives V = 40, p = 0.01953 one-sided. Wilcoxon's p of
 * scipy's documentation: heights of cross- and self-fertilised corn plants (Darwin), 24 for the smaller sum, p = 0.041259765625.
 */
static void wilcoxon_of_the_literature(void **state)
{
    (void)state;
    const double first[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double second[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    stats_test t = stats_wilcoxon(first, second, 9);
    assert_true(t.exact);
    NEAR(t.statistic, 40, 0);
    NEAR(t.p, 2 * 0.01953125, 1e-12);
    const double corn[] = {6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75}, zero[15] = {0};
    t = stats_wilcoxon(corn, zero, 15);
    NEAR(t.statistic, 120 - 24, 0);
    NEAR(t.p, 0.041259765625, 1e-15);
}

static double rank_of(const double *v, size_t n, size_t i)
{
    double below = 0, equal = 0;
    for (size_t k = 0; k < n; k++) {
        below += v[k] < v[i];
        equal += v[k] == v[i];
    }
    return below + (equal + 1) / 2;
}

/* p by walking through all 2^n subsets of the ranks; size SIZE_MAX: subsets of any size. */
static double enumerate(const double *v, size_t n, size_t size, double sum, double mean)
{
    double all = 0, far = 0;
    for (uint32_t set = 0; set < 1u << n; set++) {
        if (size != SIZE_MAX && (size_t)__builtin_popcount(set) != size)
            continue;
        double s = 0;
        for (size_t i = 0; i < n; i++)
            s += set >> i & 1 ? rank_of(v, n, i) : 0;
        all++;
        far += fabs(s - mean) >= fabs(sum - mean);
    }
    return far / all;
}

/* Whole numbers, so that there are ties. */
static void exact_is_enumeration(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 60; round++) {
        rng r = rng_stream(round, "test statistics", 0);
        size_t nx = 1 + rng_below(&r, 6), ny = 1 + rng_below(&r, 6), n = nx + ny;
        double v[12], sizes[12], zero[12] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            v[i] = rng_below(&r, round % 3 ? 6 : 1000) + 1.0;
        for (size_t i = 0; i < nx; i++)
            sum += rank_of(v, n, i);
        stats_test t = stats_mann_whitney(v, nx, v + nx, ny);
        NEAR(t.statistic, sum - (double)(nx * (nx + 1)) / 2, 1e-12);
        NEAR(t.p, enumerate(v, n, nx, sum, (double)(nx * (n + 1)) / 2), 1e-12);
        NEAR(t.statistic / (double)(nx * ny), stats_a12(v, nx, v + nx, ny), 1e-12);

        sum = 0;
        memcpy(sizes, v, sizeof v);
        for (size_t i = 0; i < n; i++) {
            if (rng_below(&r, 2))
                v[i] = -v[i];
            else
                sum += rank_of(sizes, n, i);
        }
        t = stats_wilcoxon(v, zero, n);
        NEAR(t.statistic, sum, 1e-12);
        NEAR(t.p, enumerate(sizes, n, SIZE_MAX, sum, (double)(n * (n + 1)) / 4), 1e-12);
    }
}

/* Larger than the exact tests go, with ties: scipy 1.10.1, mannwhitneyu(x, y, method="asymptotic") and wilcoxon(x, y,
 * method="approx", correction=True) on x = [(7 i) % 23], y = [(5 i) % 19 + 3], i = 0..59 (and x[:31], y[:29] for the former). */
static void large_samples(void **state)
{
    (void)state;
    double x[60], y[60];
    for (int i = 0; i < 60; i++) {
        x[i] = (7 * i) % 23;
        y[i] = (5 * i) % 19 + 3;
    }
    stats_test t = stats_mann_whitney(x, 31, y, 29);
    assert_false(t.exact);
    NEAR(t.statistic, 424.0, 0);
    NEAR(t.p, 0.711201202180703, 1e-12);
    t = stats_wilcoxon(x, y, 60);
    assert_false(t.exact);
    NEAR(fmin(t.statistic, (double)(t.n * (t.n + 1)) / 2 - t.statistic), 785.5, 0);
    NEAR(t.p, 0.5902354862064138, 1e-12);
}

static void nothing_to_test(void **state)
{
    (void)state;
    const double same[] = {3, 3, 3, 3}, one[] = {1};
    assert_true(stats_mann_whitney(same, 4, same, 4).p == 1);
    assert_true(isnan(stats_wilcoxon(same, same, 4).p));
    assert_true(isnan(stats_mann_whitney(same, 0, same, 4).p));
    stats_summary s = stats_summarize(one, 1);
    assert_true(s.median == 1 && s.low == 1 && s.high == 1 && isnan(s.sd));
    double sixty[60] = {0}; /* all equal: no variance */
    assert_true(stats_mann_whitney(sixty, 30, sixty + 30, 30).p == 1);
}

/* R: summary(c(1, 2, 4, 8, 16, 32)); variance 140.7; p.adjust(c(.01, .04, .03, .005), "holm"). */
static void quartiles_and_holm(void **state)
{
    (void)state;
    const double v[] = {32, 1, 16, 2, 8, 4};
    stats_summary s = stats_summarize(v, COUNT(v));
    assert_true(s.min == 1 && s.low == 2.5 && s.median == 6 && s.high == 14 && s.max == 32 && s.mean == 10.5);
    NEAR(s.sd, sqrt(140.7), 1e-12);
    double p[] = {.01, .04, NAN, .03, .005};
    stats_holm(p, COUNT(p));
    NEAR(p[0], 0.03, 1e-15);
    NEAR(p[1], 0.06, 1e-15);
    assert_true(isnan(p[2]));
    NEAR(p[3], 0.06, 1e-15);
    NEAR(p[4], 0.02, 1e-15);
}

/* Of two samples of two values the bootstrap's distribution is known: a median is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4. The
 * same stream, the same interval. */
static void bootstrap(void **state)
{
    (void)state;
    const double x[] = {10, 11}, y[] = {0, 1};
    double low, high, again_low, again_high;
    rng r = rng_stream(1, "test bootstrap", 0), copy = r, other = rng_stream(2, "test bootstrap", 0);
    stats_bootstrap_median_difference(x, 2, y, 2, &r, &low, &high);
    assert_true(low == 9 && high == 11); /* each end has a chance of 1/16 */
    double v[20], w[20];
    for (int i = 0; i < 20; i++) {
        v[i] = 3 + (double)rng_normal(&other);
        w[i] = (double)rng_normal(&other);
    }
    stats_bootstrap_median_difference(v, 20, w, 20, &r, &low, &high);
    assert_true(low < 3 && high > 3 && low > 1.5 && high < 4.5 && high - low > 0.3);
    stats_bootstrap_median_difference(x, 2, y, 2, &copy, &again_low, &again_high);
    stats_bootstrap_median_difference(v, 20, w, 20, &copy, &again_low, &again_high);
    assert_true(low == again_low && high == again_high);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mann_whitney_of_the_literature),
        cmocka_unit_test(wilcoxon_of_the_literature),
        cmocka_unit_test(exact_is_enumeration),
        cmocka_unit_test(large_samples),
        cmocka_unit_test(nothing_to_test),
        cmocka_unit_test(quartiles_and_holm),
        cmocka_unit_test(bootstrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
