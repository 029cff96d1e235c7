/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pareto.c - fronts, ranks and crowding against the definitions, on points with ties, copies and NaNs */
#include "core/pareto.h"
#include "core/rng.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 300, WIDEST = 5 };

static bool any_nan(const double *p, size_t m)
{
    bool found = false;
    for (size_t k = 0; k < m; k++)
        found |= isnan(p[k]);
    return found;
}

/* The definition of pareto.h, word by word. */
static bool dominates(const double *a, const double *b, size_t m)
{
    if (any_nan(a, m) || any_nan(b, m))
        return !any_nan(a, m);
    int better = 0, worse = 0;
    for (size_t k = 0; k < m; k++)
        better += a[k] < b[k], worse += a[k] > b[k];
    return better > 0 && worse == 0;
}

/* Peels one front after the other. */
static size_t brute_rank(size_t *rank, const double *points, size_t n, size_t m)
{
    size_t left = n, level = 0;
    for (size_t i = 0; i < n; i++)
        rank[i] = SIZE_MAX;
    for (; left; level++) {
        bool front[MOST] = {false};
        for (size_t i = 0; i < n; i++) {
            bool free_of_others = rank[i] == SIZE_MAX;
            for (size_t j = 0; j < n && free_of_others; j++)
                if (rank[j] == SIZE_MAX && dominates(points + j * m, points + i * m, m))
                    free_of_others = false;
            front[i] = free_of_others;
        }
        for (size_t i = 0; i < n; i++)
            if (front[i])
                rank[i] = level, left--;
    }
    return level;
}

static size_t random_points(double *points, uint64_t seed, size_t m)
{
    rng r = rng_stream(seed, "pareto", m);
    size_t n = rng_below(&r, seed % 7 ? 40 : MOST);
    uint32_t grid = 2 + rng_below(&r, 12), nans = rng_below(&r, 4) ? 0 : 10;
    bool fine = rng_below(&r, 3) == 0;
    for (size_t i = 0; i < n * m; i++) {
        points[i] = fine ? rng_real(&r) : rng_below(&r, grid);
        if (nans && rng_below(&r, nans) == 0)
            points[i] = rng_below(&r, 2) ? NAN : INFINITY;
    }
    for (size_t i = 0; n > 1 && i < n / 10; i++) /* copies */
        memmove(points + i * m, points + rng_below(&r, (uint32_t)n) * m, m * sizeof(double));
    return n;
}

static void test_against_definition(void **state)
{
    (void)state;
    static double points[MOST * WIDEST];
    size_t rank[MOST], expected[MOST], front[MOST];
    for (size_t m = 1; m <= WIDEST; m++) {
        for (uint64_t seed = 0; seed < 300; seed++) {
            size_t n = random_points(points, seed, m), members = 0;
            size_t fronts = brute_rank(expected, points, n, m);
            assert_int_equal(pareto_rank(rank, points, n, m), fronts);
            for (size_t i = 0; i < n; i++)
                if (rank[i] != expected[i])
                    fail_msg("m %zu seed %zu: rank of %zu is %zu, not %zu", m, (size_t)seed, i, rank[i], expected[i]);
            size_t count = pareto_front(front, points, n, m);
            for (size_t i = 0; i < n; i++) {
                if (expected[i] == 0 && !any_nan(points + i * m, m)) {
                    assert_true(members < count);
                    assert_int_equal(front[members++], i);
                }
            }
            assert_int_equal(count, members);
            for (size_t i = 0; i + 1 < n; i++)
                assert_int_equal(pareto_dominates(points + i * m, points + (i + 1) * m, m), dominates(points + i * m, points + (i + 1) * m, m));
        }
    }
}

/* Worked out by hand. */
static void test_crowding(void **state)
{
    (void)state;
    static const struct { size_t n; double points[2 * 6], expected[6]; } cases[] = {
        {0, {0}, {0}},
        {1, {3, 4}, {INFINITY}},
        {2, {1, 2, 2, 1}, {INFINITY, INFINITY}},
        {4, {0, 10, 1, 6, 4, 2, 10, 0}, {INFINITY, 4 / 10. + 8 / 10., 9 / 10. + 6 / 10., INFINITY}},
        {5, {0, 10, 1, 6, 1, 6, 4, 2, 10, 0}, {INFINITY, 4 / 10. + 8 / 10., 0, 9 / 10. + 6 / 10., INFINITY}}, /* a copy: 0 */
        {3, {5, 1, 5, 2, 5, 3}, {INFINITY, 1, INFINITY}},                                                   /* a constant objective */
        {3, {5, 5, 5, 5, 5, 5}, {INFINITY, 0, 0}},
        {4, {0, 4, NAN, 3, 2, 2, 4, 0}, {INFINITY, 0, 2, INFINITY}},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        const size_t members[] = {0, 1, 2, 3, 4, 5};
        double distance[6] = {-1, -1, -1, -1, -1, -1};
        assert_true(pareto_crowding(distance, members, cases[c].n, cases[c].points, 2));
        for (size_t i = 0; i < cases[c].n; i++)
            if (!(distance[i] == cases[c].expected[i] || fabs(distance[i] - cases[c].expected[i]) < 1e-12))
                fail_msg("case %zu: distance of %zu is %g, not %g", c, i, distance[i], cases[c].expected[i]);
    }
}

/* The order in which distinct points are listed changes nothing. */
static void test_crowding_has_no_order(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        enum { N = 40, M = 3 };
        double points[N * M], one[N], two[N];
        size_t members[N];
        uint32_t order[N];
        rng r = rng_stream(seed, "crowding", 0);
        for (size_t i = 0; i < N * M; i++)
            points[i] = i % M ? rng_real(&r) : (double)rng_below(&r, 5) + (double)i * 1e-9;
        for (uint32_t i = 0; i < N; i++)
            members[i] = order[i] = i;
        assert_true(pareto_crowding(one, members, N, points, M));
        rng_shuffle(&r, order, N);
        for (size_t i = 0; i < N; i++)
            members[i] = order[i];
        assert_true(pareto_crowding(two, members, N, points, M));
        for (size_t i = 0; i < N; i++)
            assert_true(one[order[i]] == two[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_definition),
        cmocka_unit_test(test_crowding),
        cmocka_unit_test(test_crowding_has_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
