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
        data_augment(&d, in, a, &r);
        data_augment(&d, in, b, &again);
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
        in[i] = (float)i;
    data_set d = {.h = H, .w = W, .c = C};
    assert_false(data_has_augmentation(&d));
    rng r = rng_stream(3, "augment test", 0), before = r;
    data_augment(&d, in, out, &r);
    assert_memory_equal(in, out, sizeof in);
    assert_memory_equal(&r, &before, sizeof r);
    data_set *digits = must_open("type=digits");
    assert_false(data_has_augmentation(digits)); /* off unless asked for */
    data_close(digits);
}

/* A slope in both directions stays one when it is turned: each pixel whose source lies inside has the value there. */
static void test_rotate(void **state)
{
    (void)state;
    enum { SIDE = 9 };
    float in[SIDE * SIDE], out[SIDE * SIDE];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            in[y * SIDE + x] = (float)(3 * y - 2 * x);
    data_set d = {.h = SIDE, .w = SIDE, .c = 1, .rotate = 30};
    assert_true(data_has_augmentation(&d));
    double least = 0, most = 0;
    for (uint64_t k = 0; k < 300; k++) {
        rng r = rng_stream(3, "augment test", k), copy = r;
        data_augment(&d, in, out, &r);
        double angle = (2 * rng_real(&copy) - 1) * 30 * acos(-1) / 180;
        least = fmin(least, angle);
        most = fmax(most, angle);
        int inside = 0;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double from_y = 4 + cos(angle) * (y - 4) + sin(angle) * (x - 4), from_x = 4 - sin(angle) * (y - 4) + cos(angle) * (x - 4);
                if (from_y < 0 || from_x < 0 || from_y > SIDE - 1 || from_x > SIDE - 1)
                    continue;
                inside++;
                if (fabs(out[y * SIDE + x] - (3 * from_y - 2 * from_x)) > 1e-4)
                    fail_msg("angle %g, pixel %d %d: %g, not %g", angle, y, x, out[y * SIDE + x], 3 * from_y - 2 * from_x);
            }
        assert_true(inside > 45);
    }
    assert_true(least < -0.5 && most > 0.5); /* radians: of 30 degrees, 0.52 */
    /* A long image: sources far outside repeat the edge. */
    float wide[2 * 40], turned[2 * 40];
    for (int i = 0; i < 80; i++)
        wide[i] = i < 40 ? 1 : 5;
    data_set flat = {.h = 2, .w = 40, .c = 1, .rotate = 45};
    for (uint64_t k = 0; k < 50; k++) {
        rng r = rng_stream(4, "augment test", k);
        data_augment(&flat, wide, turned, &r);
        for (int i = 0; i < 80; i++)
            assert_true(turned[i] >= 1 && turned[i] <= 5);
    }
}

static void test_cutout(void **state)
{
    (void)state;
    float in[N], out[N];
    for (int i = 0; i < N; i++)
        in[i] = (float)(i + 1);
    data_summary summary[C] = {{.mean = -7}, {.mean = -8}};
    for (int normalized = 0; normalized < 2; normalized++) {
        data_set d = {.h = H, .w = W, .c = C, .cutout = 3, .summary = summary, .n_norm = normalized ? C : 0};
        int smallest = N, largest = 0;
        for (uint64_t k = 0; k < 400; k++) {
            rng r = rng_stream(5, "augment test", k), copy = r;
            data_augment(&d, in, out, &r);
            int y = (int)rng_below(&copy, H), x = (int)rng_below(&copy, W), hidden = 0;
            for (int i = 0; i < N; i++) {
                bool inside = abs(i / (W * C) - y) <= 1 && abs(i / C % W - x) <= 1;
                assert_true(out[i] == (inside ? (normalized ? 0 : (float)(-7 - i % C)) : in[i]));
                hidden += inside;
            }
            smallest = hidden < smallest ? hidden : smallest;
            largest = hidden > largest ? hidden : largest;
        }
        assert_int_equal(smallest, 4 * C); /* at a corner */
        assert_int_equal(largest, 9 * C);
    }
}

static void test_noise(void **state)
{
    (void)state;
    float in[N] = {0}, out[N];
    data_set d = {.h = H, .w = W, .c = C, .noise = 0.25};
    double sum = 0, square = 0;
    for (uint64_t k = 0; k < 500; k++) {
        rng r = rng_stream(6, "augment test", k);
        data_augment(&d, in, out, &r);
        for (int i = 0; i < N; i++) {
            sum += out[i];
            square += out[i] * out[i];
        }
    }
    assert_float_equal(sum / (500 * N), 0, 0.01);
    assert_float_equal(sqrt(square / (500 * N)), 0.25, 0.01);
}

/* What fits which data, and what is said about the rest. */
static void test_settings(void **state)
{
    (void)state;
    write_text("t.csv", "1,2,a\n2,3,b\n3,4,a\n4,5,b\n5,6,a\n6,7,b\n7,1,a\n");
    data_set *d = must_open("type=csv, path=t.csv, noise=0.1");
    assert_true(data_has_augmentation(d));
    data_close(d);
    must_fail("type=csv, path=t.csv, rotate=5", ASH_INVALID, "rotate is for images; t.csv has none");
    must_fail("type=csv, path=t.csv, cutout=1", ASH_INVALID, "cutout is for images and sequences; t.csv has none");
    must_fail("type=csv, path=t.csv, shift=1", ASH_INVALID, "shift is for images and sequences; t.csv has none");
    must_fail("type=digits, cutout=8", ASH_INVALID, "cutout 8 would hide the whole of a 8 x 8 image");
    must_fail("type=digits, rotate=46", ASH_INVALID, "rotate");
    must_fail("type=digits, noise=-1", ASH_INVALID, "noise");
    write_text("s.csv", "1,2,3,4,5,6,a\n2,3,4,5,6,7,b\n3,4,1,2,9,9,a\n4,5,3,3,2,1,b\n5,6,1,1,3,4,a\n6,7,8,8,1,1,b\n7,1,2,2,3,3,a\n");
    d = must_open("type=csv, path=s.csv, shape=[3, 1, 2], shift=2, cutout=2, noise=0.1"); /* a sequence of three steps */
    data_close(d);
    must_fail("type=csv, path=s.csv, shape=[3, 1, 2], flip=true", ASH_INVALID, "flip is for images");
    must_fail("type=csv, path=s.csv, shape=[3, 1, 2], rotate=3", ASH_INVALID, "rotate is for images");
    must_fail("type=csv, path=s.csv, shape=[3, 1, 2], shift=3", ASH_INVALID, "shift 3 would push a 3 x 1 image out of sight");
    buffer b = {0};
    data_set all = {.flip = true, .shift = 2, .rotate = 7.5, .cutout = 4, .noise = 0.1}, none = {0};
    data_augment_print(&all, &b);
    assert_string_equal(b.data, "flip, shift 2, rotate 7.5, cutout 4, noise 0.1");
    b.len = 0;
    data_augment_print(&none, &b);
    assert_int_equal(b.len, 0);
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),    cmocka_unit_test(test_off),   cmocka_unit_test(test_rotate),
                                      cmocka_unit_test(test_cutout), cmocka_unit_test(test_noise), cmocka_unit_test(test_settings)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
