/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_hypervolume.c - published values, and three algorithms against inclusion-exclusion
 *
 * The published values are those that pagmo2 tests itself with; an inclusion-exclusion sum over all subsets, which
 * shares nothing with the code under test, checks the rest.
 */
#include "core/pareto.h"
#include "core/rng.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

/* Sum over all non-empty subsets of +-volume(intersection of the boxes): slow, and obviously right. */
static double inclusion_exclusion(const double *points, size_t n, size_t m, const double *reference)
{
    double sum = 0;
    for (unsigned subset = 1; subset < 1u << n; subset++) {
        double box = 1;
        for (size_t k = 0; k < m; k++) {
            double corner = -INFINITY;
            for (size_t i = 0; i < n; i++)
                if (subset >> i & 1)
                    corner = fmax(corner, points[i * m + k]);
            box *= fmax(0, reference[k] - corner);
        }
        sum += __builtin_popcount(subset) % 2 ? box : -box;
    }
    return sum;
}

static void near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fmax(1, fabs(expected))))
        fail_msg("%.17g, expected %.17g", value, expected);
}

static void test_published(void **state)
{
    (void)state;
    const double ref7[] = {7, 7, 7, 7, 7};
    const double two[] = {2.3, 4.5, 3.4, 3.4, 6.0, 1.2};
    near(pareto_hypervolume(two, 3, 2, ref7), 17.91);
    const double three[] = {2.3, 4.5, 3.2, 3.4, 3.4, 3.4, 6.0, 1.2, 3.6};
    near(pareto_hypervolume(three, 3, 3, ref7), 66.386);
    const double five[] = {2.3, 4.5, 3.2, 1.9, 6.0, 3.4, 3.4, 3.4, 2.1, 5.8, 6.0, 1.2, 3.6, 3.0, 6.0};
    near(pareto_hypervolume(five, 3, 5, ref7), 373.21228);
    const double steps[] = {1, 2, 2, 1}, ref3[] = {3, 3};
    near(pareto_hypervolume(steps, 2, 2, ref3), 3);
}

/* Published contributions of six points; thirteen with those that add nothing; copies share, so neither has any. */
static void test_published_contributions(void **state)
{
    (void)state;
    const double points[] = {-6, -1, -6, -1, -3, -5, -3, -4, -4, -4, -2, -3, -5, -5, -2, -2, -6, -1, -3, -1, -3, -1, -1, -5, -1, -2, -4,
                             -1, -3, -4, -7, -7, 0,  0,  -5, -5, -7, 0,  -7};
    const double reference[] = {0, 0, 0}, expected[13] = {18, 2, 12, 1, 18, 2}, pair[] = {1, 1, 1, 1, 0.5, 0.5}, two[] = {2, 2};
    double contribution[13];
    for (size_t n = 6; n <= 13; n++) {
        assert_true(pareto_contributions(contribution, points, n, 3, reference));
        for (size_t i = 0; i < n; i++)
            near(contribution[i], expected[i]);
    }
    assert_true(pareto_contributions(contribution, pair, 2, 2, two));
    near(contribution[0] + contribution[1], 0);
    assert_true(pareto_contributions(contribution, pair, 3, 2, two));
    near(contribution[2], 1.25);
}

/* Duplicates, dominated points, points on or beyond the reference, and NaN add nothing. */
static void test_nothing_added(void **state)
{
    (void)state;
    const double points[] = {1, 2, 2, 1, 2, 1, 1, 2, 2, 2, 3, 0.5, 0.5, 3, 4, -1, NAN, 0, 0, NAN}, reference[] = {3, 3};
    near(pareto_hypervolume(points, 10, 2, reference), 3);
    near(pareto_hypervolume(points, 0, 2, reference), 0);
    const double outside[] = {3, 0, 0, 3};
    near(pareto_hypervolume(outside, 2, 2, reference), 0);
    for (size_t m = 1; m <= 5; m++) { /* the same in every dimension: one box, with company that changes nothing */
        double box[5 * 4], corner[5];
        for (size_t k = 0; k < m; k++) {
            corner[k] = 2;
            box[k] = 0.5;                          /* the one that counts */
            box[m + k] = 0.5;                      /* its copy */
            box[2 * m + k] = k ? 0.5 : 1;          /* dominated, equal but for one */
            box[3 * m + k] = k == m - 1 ? 2 : 0.1; /* on the border */
        }
        near(pareto_hypervolume(box, 4, m, corner), pow(1.5, (double)m));
    }
}

static void test_random_sets(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        rng r = rng_stream(seed, "hypervolume", 0);
        size_t m = 1 + rng_below(&r, 6), n = 1 + rng_below(&r, MOST);
        double points[MOST * 6], reference[6], contribution[MOST];
        bool coarse = rng_below(&r, 2); /* many ties */
        for (size_t i = 0; i < n * m; i++)
            points[i] = coarse ? rng_below(&r, 4) : 1.1 * rng_real(&r);
        for (size_t k = 0; k < m; k++)
            reference[k] = coarse ? 3 : 1;
        double all = pareto_hypervolume(points, n, m, reference);
        near(all, inclusion_exclusion(points, n, m, reference));
        assert_true(pareto_contributions(contribution, points, n, m, reference));
        for (size_t i = 0; i < n; i++) {
            double rest[MOST * 6];
            memcpy(rest, points, i * m * sizeof(double));
            memcpy(rest + i * m, points + (i + 1) * m, (n - 1 - i) * m * sizeof(double));
            near(contribution[i], all - inclusion_exclusion(rest, n - 1, m, reference));
        }
    }
}

/* A third value that is the same for all makes a prism, so the 3-D sweep must agree with the 2-D one, and WFG with the 3-D sweep. */
static void test_dimensions_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        rng r = rng_stream(seed, "prism", 0);
        size_t n = 1 + rng_below(&r, 200);
        double *two = malloc(n * 2 * sizeof(double)), *three = malloc(n * 3 * sizeof(double));
        double *prism = malloc(n * 3 * sizeof(double)), *four = malloc(n * 4 * sizeof(double));
        const double reference[] = {1, 1, 1, 1};
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < 3; k++)
                three[3 * i + k] = four[4 * i + k] = seed % 2 ? rng_real(&r) : rng_below(&r, 9) / 8.0;
            prism[3 * i] = two[2 * i] = three[3 * i];
            prism[3 * i + 1] = two[2 * i + 1] = three[3 * i + 1];
            prism[3 * i + 2] = four[4 * i + 3] = 0.5;
        }
        near(pareto_hypervolume(prism, n, 3, reference), pareto_hypervolume(two, n, 2, reference) / 2);
        near(pareto_hypervolume(four, n, 4, reference), pareto_hypervolume(three, n, 3, reference) / 2);
        free(two);
        free(three);
        free(prism);
        free(four);
    }
}

/* The octant of the unit ball: what a dense front dominates is known in closed form (quadratic and cubic slower algorithms would take
 * minutes here). */
static void test_many_points(void **state)
{
    (void)state;
    enum { N = 100000 };
    double *points = malloc(3 * N * sizeof(double));
    const double reference[] = {1, 1, 1};
    rng r = rng_stream(1, "octant", 0);
    for (size_t i = 0; i < N; i++) {
        double angle = 1.5707963267948966 * (i + 0.5) / N;
        points[2 * i] = 1 - cos(angle);
        points[2 * i + 1] = 1 - sin(angle);
    }
    double area = pareto_hypervolume(points, N, 2, reference), disc = 0.78539816339744831;
    assert_true(area < disc && area > disc - 2e-5);
    for (size_t i = 0; i < N; i++) {
        double x = fabs(rng_normal(&r)), y = fabs(rng_normal(&r)), z = fabs(rng_normal(&r)), l = sqrt(x * x + y * y + z * z);
        points[3 * i] = 1 - x / l;
        points[3 * i + 1] = 1 - y / l;
        points[3 * i + 2] = 1 - z / l;
    }
    double volume = pareto_hypervolume(points, N, 3, reference), ball = 0.52359877559829887;
    assert_true(volume < ball && volume > ball - 0.01);
    free(points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_published_contributions), cmocka_unit_test(test_nothing_added), cmocka_unit_test(test_random_sets),
        cmocka_unit_test(test_dimensions_agree), cmocka_unit_test(test_many_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
