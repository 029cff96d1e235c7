/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Augmentation: every shift and mirror against a plain definition; a pure function of the stream */
#include "data_test.h"

enum { H = 5, W = 4, C = 2, N = H * W * C };

static int clamp(int v, int n)
{
    return v < 0 ? 0 : v >= n ? n - 1 : v;
}

static void expected(float *out, const float *in, bool flip, int dy, int dx)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int k = 0; k < C; k++) {
                int from = clamp(x - dx, W);
                from = flip ? W - 1 - from : from;
                out[(y * W + x) * C + k] = in[(clamp(y - dy, H) * W + from) * C + k];
            }
}

/* Which of all (flip, dy, dx) made `image`; exactly one has to fit. */
static int which(const float *image, const float *in, int shift)
{
    int found = -1, index = 0;
    for (int flip = 0; flip < 2; flip++)
        for (int dy = -shift; dy <= shift; dy++)
            for (int dx = -shift; dx <= shift; dx++, index++) {
                float out[N];
                expected(out, in, flip, dy, dx);
                if (memcmp(out, image, sizeof out) == 0) {
                    assert_int_equal(found, -1);
                    found = index;
                }
            }
    assert_int_not_equal(found, -1);
    return found;
}

static void test_all(void **state)
{
    (void)state;
    float in[N];
    for (int i = 0; i < N; i++)
        in[i] = (float)i;
    data_set d = {.h = H, .w = W, .c = C, .flip = true, .shift = 2};
    assert_true(data_has_augmentation(&d));
    int seen[50] = {0};
    for (uint64_t k = 0; k < 3000; k++) {
        rng r = rng_stream(3, "augment test", k), again = r;
        float a[N], b[N];
        memcpy(a, in, sizeof a);
        memcpy(b, in, sizeof b);
        data_augment(&d, a, &r);
        data_augment(&d, b, &again);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(rng_u32(&r), rng_u32(&again));
        seen[which(a, in, 2)]++;
    }
    for (int i = 0; i < 50; i++) /* 60 each on average */
        assert_in_range(seen[i], 25, 110);
}

static void test_off(void **state)
{
    (void)state;
    float in[N], out[N];
    for (int i = 0; i < N; i++)
        in[i] = out[i] = (float)i;
    data_set d = {.h = H, .w = W, .c = C};
    assert_false(data_has_augmentation(&d));
    rng r = rng_stream(3, "augment test", 0), before = r;
    data_augment(&d, out, &r);
    assert_memory_equal(in, out, sizeof in);
    assert_memory_equal(&r, &before, sizeof r);
    data_set *digits = must_open("type=digits");
    assert_false(data_has_augmentation(digits)); /* off unless asked for */
    data_close(digits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_off)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
