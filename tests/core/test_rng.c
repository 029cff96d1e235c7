/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_rng.c - known answers, independent streams, distributions
 *
 * The Philox answers are those of Random123 (kat_vectors); the values of streams were computed by a second
 * implementation, written in Python from the paper and from the comments of rng.c.
 */
#include "core/rng.h"
#include "unit.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

static void test_philox(void **state)
{
    (void)state;
    static const struct { uint32_t counter[4], key[2], out[4]; } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        uint32_t out[4];
        rng_philox(out, known[i].counter, known[i].key);
        assert_memory_equal(out, known[i].out, sizeof(out));
    }
}

static void test_streams(void **state)
{
    (void)state;
    static const uint32_t first[] = {0xb045b31e, 0x25cbfb85, 0xaf635331, 0x6b2857d6, 0x68990032, 0xf4c673d0};
    static const uint32_t other[] = {0xf0621b7b, 0x29ecddb1, 0x21f3ff52, 0x44aa1560, 0x9f7b7ef0, 0x7ad14e5f};
    rng r = rng_stream(1, "weights", 0), s = rng_stream(0xdeadbeefcafef00d, "split", ((uint64_t)1 << 32) + 5);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(rng_u32(&r), first[i]);
        assert_int_equal(rng_u32(&s), other[i]);
    }
    rng copy = r; /* a plain value */
    for (int i = 0; i < 9; i++)
        assert_int_equal(rng_u32(&r), rng_u32(&copy));
    r = rng_stream(1, "weights", 0);
    r.counter[0] = ~0u; /* the counter's words carry */
    for (int i = 0; i < 4; i++)
        rng_u32(&r);
    assert_int_equal(r.counter[0], 0);
    assert_int_equal(r.counter[1], 1);
    assert_int_equal(r.counter[2], 0);
}

/* Exact values: training and search depend on every bit. */
static void test_exact(void **state)
{
    (void)state;
    static const float normals[] = {0x1.483454p-1f, -0x1.7b478cp-4f, -0x1.504438p+0f, 0x1.045b16p+1f, 0x1.c1a4bp-2f, 0x1.30b0d6p+0f};
    static const double reals[] = {0x1.2e5fdc2d822d8p-3, 0x1.aca15f5abd8d4p-2, 0x1.e98ce7a0d1320p-1};
    static const uint32_t tens[] = {6, 1, 6, 4, 4, 9, 7, 6, 8, 3, 9, 1};
    static const uint32_t billions[] = {2065690597, 442931327, 1255753010, 2868459429, 2118794597, 2038375464};
    static const uint32_t shuffled[] = {0, 8, 3, 7, 4, 9, 2, 5, 1, 6};
    const rng start = rng_stream(1, "weights", 0);
    rng r = start;
    for (int i = 0; i < 6; i++)
        assert_true(rng_normal(&r) == normals[i]);
    r = start;
    for (int i = 0; i < 3; i++)
        assert_true(rng_real(&r) == reals[i]);
    r = start;
    for (int i = 0; i < 12; i++)
        assert_int_equal(rng_below(&r, 10), tens[i]);
    r = start;
    for (int i = 0; i < 6; i++)
        assert_int_equal(rng_below(&r, 3000000000u), billions[i]); /* many words are rejected */
    r = start;
    uint32_t items[10];
    for (uint32_t i = 0; i < 10; i++)
        items[i] = i;
    rng_shuffle(&r, items, 10);
    assert_memory_equal(items, shuffled, sizeof(items));
    r = start;
    assert_true(rng_float(&r) == (float)(0xb045b31e >> 8) / 16777216);
}

/* Streams that differ in any part share nothing: of 64-bit words, none occurs twice, and bits agree half of the time. */
static void test_independence(void **state)
{
    (void)state;
    const rng streams[] = {
        rng_stream(0, "a", 0), rng_stream(1, "a", 0), rng_stream((uint64_t)1 << 63, "a", 0), rng_stream(0, "b", 0), rng_stream(0, "", 0),
        rng_stream(0, "ab", 0), rng_stream(0, "ba", 0), rng_stream(0, "a", 1), rng_stream(0, "a", (uint64_t)1 << 32), rng_stream(1, "a", 1),
    };
    enum { STREAMS = sizeof(streams) / sizeof(*streams), WORDS = 4000 };
    for (int i = 0; i < STREAMS; i++) {
        for (int j = 0; j < i; j++) {
            rng a = streams[i], b = streams[j];
            long agree = 0;
            for (int k = 0; k < WORDS; k++) {
                uint64_t difference = rng_u64(&a) ^ rng_u64(&b);
                assert_true(difference != 0);
                agree += 64 - __builtin_popcountll(difference);
            }
            double z = (agree - 32.0 * WORDS) / sqrt(16.0 * WORDS);
            if (fabs(z) > 5)
                fail_msg("streams %d and %d: %.1f standard deviations", i, j, z);
        }
    }
}

static void test_below_is_uniform(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 7, 10, 100};
    rng r = rng_stream(3, "below", 0);
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        enum { DRAWS = 100000 };
        double count[100] = {0}, chi2 = 0, expected = (double)DRAWS / sizes[s];
        for (int i = 0; i < DRAWS; i++) {
            uint32_t k = rng_below(&r, sizes[s]);
            assert_true(k < sizes[s]);
            count[k]++;
        }
        for (uint32_t k = 0; k < sizes[s]; k++)
            chi2 += (count[k] - expected) * (count[k] - expected) / expected;
        double df = sizes[s] - 1;
        assert_true(chi2 <= df + 5 * sqrt(2 * df) + 1e-9);
    }
    /* n = 3/4 of 2^32: without rejection, every third value would be twice as likely */
    long thirds[3] = {0};
    for (int i = 0; i < 90000; i++)
        thirds[rng_below(&r, 3u << 30) % 3]++;
    for (int k = 0; k < 3; k++)
        assert_true(labs(thirds[k] - 30000) < 5 * 142);
}

/* N(0,1): mean, variance, skewness, kurtosis (3 - 1/64 by construction) and the central quantiles. */
static void test_normal(void **state)
{
    (void)state;
    enum { N = 1000000 };
    rng r = rng_stream(5, "normal", 0);
    double sum[5] = {0};
    long inside[3] = {0};
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r), power = 1;
        for (int k = 1; k < 5; k++)
            sum[k] += power *= x;
        for (int k = 0; k < 3; k++)
            inside[k] += fabs(x) < k + 1;
    }
    assert_true(fabs(sum[1] / N) < 5 / sqrt(N));
    assert_true(fabs(sum[2] / N - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(sum[3] / N) < 5 * sqrt(15.0 / N));
    assert_true(fabs(sum[4] / N - (3 - 1.0 / 64)) < 5 * sqrt(96.0 / N));
    static const double shares[] = {0.682689, 0.954500, 0.997300};
    for (int k = 0; k < 3; k++)
        assert_true(fabs((double)inside[k] / N - shares[k]) < 0.003);
}

static void test_shuffle(void **state)
{
    (void)state;
    long at[5][5] = {{0}};
    rng r = rng_stream(6, "shuffle", 0);
    for (int i = 0; i < 50000; i++) {
        uint32_t items[5] = {0, 1, 2, 3, 4}, seen = 0;
        rng_shuffle(&r, items, 5);
        for (int k = 0; k < 5; k++)
            at[items[k]][k]++, seen |= 1u << items[k];
        assert_int_equal(seen, 31);
    }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++)
            assert_true(labs(at[i][k] - 10000) < 5 * 90);
    rng before = r;
    rng_shuffle(&r, NULL, 0);
    rng_shuffle(&r, (uint32_t[]){9}, 1);
    assert_memory_equal(&before, &r, sizeof(r));
}

static void test_gsl(void **state)
{
    (void)state;
    static const unsigned long seeded[] = {2222399392, 674088918, 1639830336};
    gsl_rng *g = gsl_rng_alloc(rng_gsl_type);
    gsl_rng_set(g, 42);
    rng r = rng_stream(42, "gsl", 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gsl_rng_get(g), seeded[i]);
        rng_u32(&r);
    }
    gsl_rng *copy = gsl_rng_clone(g), *from = rng_to_gsl(&r);
    for (int i = 0; i < 10; i++) {
        double x = gsl_ran_exponential(g, 1), y = gsl_ran_exponential(copy, 1), z = gsl_ran_exponential(from, 1);
        assert_true(x == y && x == z && x >= 0);
    }
    assert_true(gsl_rng_uniform(g) == gsl_rng_uniform(copy));
    assert_int_equal(gsl_rng_max(g), 0xffffffffUL);
    assert_int_equal(gsl_rng_min(g), 0);
    assert_int_equal(gsl_rng_uniform_int(g, 1), 0);
    gsl_rng_free(g);
    gsl_rng_free(copy);
    gsl_rng_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox),           cmocka_unit_test(test_streams), cmocka_unit_test(test_exact),   cmocka_unit_test(test_independence),
        cmocka_unit_test(test_below_is_uniform), cmocka_unit_test(test_normal),  cmocka_unit_test(test_shuffle), cmocka_unit_test(test_gsl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
